"""What may happen to a delivery but the death of its server: a zombie, a crash of Postgres, changes of the endpoint, no notices,
a receiver that is slower than its publisher."""

import collections
import os
import signal
import threading
import unittest
import uuid

from tests.e2e.support import webhook_verifier
from tests.e2e.support.client import CallError, struct
from tests.e2e.support.http_client import get
from tests.e2e.support.waiting import until
from tests.e2e.support.webhook_case import WebhookCase

EVENTS = 12
IN_FLIGHT = 3
# What a call may meet while Postgres dies.
EXPECTED_REASONS = {"DATABASE_UNAVAILABLE", "OUTCOME_UNKNOWN", "STORAGE_OVERLOADED", "DEADLINE", "CONFLICT"}


class ZombieTest(WebhookCase):
    def test_who_was_taken_for_dead_and_is_not_loses_nothing_and_writes_nothing(self):
        # It orders the log, too, which is another's once it has done nothing for 15 seconds.
        zombie = self.serve()
        admin = self.client(zombie)
        self.endpoint(admin, max_in_flight=IN_FLIGHT)
        ids = self.publish(admin, 1)
        self.attempts_become(1)
        self.receiver.answers.clear()
        ids += self.publish(admin, EVENTS)
        until(lambda: len(self.receiver.requests) == 1 + IN_FLIGHT, "all that may be is in flight")
        zombie.send(signal.SIGSTOP)
        self.addCleanup(zombie.send, signal.SIGCONT)
        fence = self.deployment.sql("SELECT fence FROM gatehouse.endpoint_delivery")
        successor = self.serve()
        # Its connections stand, so it is missed when its lease ends: now.
        self.deployment.sql("UPDATE gatehouse.endpoint_delivery SET lease_until = now()")
        self.sql_becomes(f"SELECT fence > {fence} FROM gatehouse.endpoint_delivery", "t")
        self.receiver.answers.set()
        self.all_received(ids)
        self.all_settled()
        self.attempts_become(len(ids))
        written = self.deployment.sql("SELECT string_agg(attempt_id::text, ' ' ORDER BY attempt_id) FROM gatehouse.webhook_attempt")
        # It has answers of its own now, to requests under a lease that is another's.
        zombie.send(signal.SIGCONT)
        until(lambda: "webhook_leases_lost_total 1" in get(zombie.http_address, "/metrics")[1], "it knows that it lost its lease")
        self.assertEqual(
            self.deployment.sql("SELECT string_agg(attempt_id::text, ' ' ORDER BY attempt_id) FROM gatehouse.webhook_attempt"), written
        )
        ids += self.publish(self.client(successor), EVENTS)
        times = self.all_received(ids)
        self.all_settled()
        self.attempts_become(len(ids))
        self.assertLessEqual(max(times.values()), 2)
        self.assertEqual(set(times[id] for id in ids[-EVENTS:]), {1})


class PostgresTest(WebhookCase):
    # It crashes: what it has confirmed must be there.
    POSTGRES = {}

    def publish_through(self, client, over, acknowledged):
        """Until `over`, whatever happens: with the same request_id until there is an answer."""
        for number in range(1_000_000):
            if over.is_set():
                return
            request_id = str(uuid.uuid4())
            while True:
                try:
                    answer = client.PublishEvent(type="fault.test", data=struct(n=number), request_id=request_id)
                    break
                except CallError as error:
                    if error.reason is not None and error.reason not in EXPECTED_REASONS:
                        raise
                    over.wait(0.05)
            acknowledged.append(answer.event_id)

    def test_crashes_in_the_midst_of_it(self):
        client = self.client(self.serve())
        self.endpoint(client, max_in_flight=IN_FLIGHT)
        over, acknowledged = threading.Event(), []
        publisher = threading.Thread(target=self.publish_through, args=(client, over, acknowledged), daemon=True)
        publisher.start()
        for _ in range(3):
            enough = len(self.receiver.requests) + 50
            until(lambda least=enough: len(self.receiver.requests) >= least, "it delivers")
            self.postgres.stop(signal.SIGQUIT)
            self.postgres.start()
        over.set()
        publisher.join(60)
        self.assertFalse(publisher.is_alive(), "a call never gets an answer")
        self.all_received(acknowledged)
        self.all_settled()


class ChangedEndpointTest(WebhookCase):
    """One request is under way, with no answer; what else was leased waits for it when the endpoint changes."""

    def setUp(self):
        super().setUp()
        self.admin = self.client(self.serve())
        self.created = self.endpoint(self.admin, max_in_flight=1)
        self.endpoint_id = self.created.endpoint.id
        self.receiver.answers.clear()
        self.ids = self.publish(self.admin, EVENTS)
        until(lambda: len(self.receiver.requests) == 1, "the first is in flight")
        self.assertNotEqual(self.deployment.sql("SELECT owner FROM gatehouse.endpoint_delivery"), "")

    def another_arrives(self):
        """What is published now for another endpoint arrives: the server has gone on since."""
        other = self.endpoint(self.admin, self.receiver.url + "/other", event_types=["other.*"])
        answer = self.admin.PublishEvent(type="other.test")
        self.receiver.wait_for(lambda request: request.id == answer.event_id)
        self.admin.DeleteEndpoint(endpoint_id=other.endpoint.id)

    def test_is_deleted(self):
        self.admin.DeleteEndpoint(endpoint_id=self.endpoint_id)
        self.receiver.answers.set()
        self.another_arrives()
        self.assertEqual([r.id for r in self.receiver.requests if r.id in self.ids], self.ids[:1])
        self.assertEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.endpoint_delivery"), "0")

    def test_is_paused_and_resumed(self):
        self.admin.PauseEndpoint(endpoint_id=self.endpoint_id)
        self.receiver.answers.set()
        self.another_arrives()
        self.assertEqual([r.id for r in self.receiver.requests if r.id in self.ids], self.ids[:1])
        self.admin.ResumeEndpoint(endpoint_id=self.endpoint_id)
        self.sql_becomes("SELECT count(DISTINCT event_id) FROM gatehouse.webhook_attempt WHERE event_type = 'fault.test'", str(EVENTS))
        times = collections.Counter(r.id for r in self.receiver.requests if r.id in self.ids)
        self.assertEqual(times, {id: 1 for id in self.ids})

    def test_answers_that_it_is_gone(self):
        self.receiver.status = 410
        self.receiver.answers.set()
        self.sql_becomes("SELECT state || ' ' || disabled_reason FROM gatehouse.endpoint", "3 gone")
        self.receiver.status = 204
        self.another_arrives()
        self.assertEqual([r.id for r in self.receiver.requests if r.id in self.ids], self.ids[:1])
        self.admin.ResumeEndpoint(endpoint_id=self.endpoint_id)
        self.sql_becomes(
            "SELECT count(DISTINCT event_id) FROM gatehouse.webhook_attempt WHERE event_type = 'fault.test' AND error_class = ''",
            str(EVENTS),
        )
        times = collections.Counter(r.id for r in self.receiver.requests if r.id in self.ids)
        self.assertEqual(times, {id: 2 if id == self.ids[0] else 1 for id in self.ids})

    def test_gets_another_secret(self):
        rotated = self.admin.RotateSecret(endpoint_id=self.endpoint_id, overlap={"seconds": 0})
        self.receiver.answers.set()
        self.all_received(self.ids)
        self.all_settled()
        first, *others = self.receiver.requests
        first.verify(self.created.secret)
        for request in others:
            request.verify(rotated.secret)
            with self.assertRaises(webhook_verifier.Rejected):
                request.verify(self.created.secret)
        self.assertEqual(self.times_received(), {id: 1 for id in self.ids})

    def test_moves_elsewhere(self):
        self.admin.UpdateEndpoint(
            endpoint_id=self.endpoint_id, endpoint={"url": self.receiver.url + "/moved"}, update_mask={"paths": ["url"]}
        )
        self.receiver.answers.set()
        self.assertEqual(self.all_received(self.ids), {id: 1 for id in self.ids})
        self.assertEqual([r.path for r in self.receiver.requests], ["/hook"] + ["/hook/moved"] * (EVENTS - 1))


class LostNoticesTest(WebhookCase):
    # What a connection that listens has said last: who its server is.
    LISTENERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'gatehouse-listener' AND datname = current_database()"

    def setUp(self):
        super().setUp()
        self.clients = [self.client(self.serve()) for _ in range(2)]
        self.endpoint(self.clients[0], max_in_flight=IN_FLIGHT)
        self.sql_becomes(f"SELECT count(*) FROM ({self.LISTENERS}) AS listeners", "2")

    def test_everything_arrives_without_a_single_notice(self):
        # Their connections stand, and nothing comes over them any more.
        for pid in map(int, self.deployment.sql(self.LISTENERS).split()):
            os.kill(pid, signal.SIGSTOP)
            self.addCleanup(os.kill, pid, signal.SIGCONT)
        ids = []
        for _ in range(3):
            for client in self.clients:
                ids += self.publish(client, 2)
            until(lambda sent=tuple(ids): set(sent) <= set(self.times_received()), "all arrive")
        self.all_settled()
        self.assertEqual(set(self.all_received(ids).values()), {1})

    def test_listeners_that_are_cut_off_again_and_again_miss_nothing(self):
        ids, cut = [], 0
        for _ in range(6):
            cut += self.deployment.sql(f"SELECT pg_terminate_backend(pid) FROM ({self.LISTENERS}) AS listeners").count("t")
            for client in self.clients:
                ids += self.publish(client, 2)
        self.assertGreaterEqual(cut, 2)
        self.all_received(ids)
        self.all_settled()


class SlowReceiverTest(WebhookCase):
    def publish_bounded(self, request_id):
        """The id of the event; or why it was refused."""
        try:
            bound = {"nanos": 50_000_000}
            return self.sender.PublishEvent(type="fault.test", max_backlog_age=bound, request_id=request_id).event_id, None
        except CallError as error:
            self.assertEqual(error.reason, "DELIVERIES_BEHIND")
            return None, error

    def test_who_asks_for_it_gets_no_further_ahead_than_that(self):
        self.sender = self.client(self.serve())
        self.endpoint(self.sender, max_in_flight=IN_FLIGHT)
        self.receiver.answers.clear()
        ids, request_id = [], None

        def refusal():
            nonlocal request_id
            request_id = str(uuid.uuid4())
            event_id, refused = self.publish_bounded(request_id)
            ids.extend([event_id] if event_id else [])
            return refused

        refused = until(refusal, "a refusal")
        self.assertEqual(refused.code.name, "RESOURCE_EXHAUSTED")
        self.assertEqual(refused.details["RetryInfo"].retry_delay.ToMilliseconds(), 12)
        # Who does not ask is not refused.
        ids += self.publish(self.sender, 1)
        self.receiver.answers.set()
        # The request_id is as good as new.
        ids.append(until(lambda: self.publish_bounded(request_id)[0], "room again"))
        self.assertEqual(until(lambda: self.publish_bounded(request_id)[0], "its answer once more"), ids[-1])
        self.assertEqual(set(self.all_received(ids).values()), {1})


if __name__ == "__main__":
    unittest.main()
