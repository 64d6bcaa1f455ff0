"""kill -9 of a server at each step of a delivery, and of one of two that deliver in order: what receivers got is what was committed."""

import collections
import itertools
import threading
import unittest
import uuid

import grpc

from tests.e2e.support.client import CallError, Client, struct
from tests.e2e.support.postgres import TableLock
from tests.e2e.support.waiting import until
from tests.e2e.support.webhook_case import ShutDoor, WebhookCase

EVENTS = 12
IN_FLIGHT = 4


class KillsTest(WebhookCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve()
        self.admin = self.client(self.server)

    def kill_and_serve(self):
        self.server.kill9()
        self.server = self.serve()
        self.admin = self.client(self.server)

    def test_after_the_claim(self):
        door = ShutDoor(self)
        self.endpoint(self.admin, door.url, max_in_flight=IN_FLIGHT)
        ids = self.publish(self.admin, EVENTS)
        until(door.knocks, "it connects")
        self.assertNotEqual(self.deployment.sql("SELECT owner FROM gatehouse.endpoint_delivery"), "")
        self.server.kill9()
        receiver = door.open(self)
        self.server = self.serve()
        # Not a byte was sent by the one that was killed.
        self.assertEqual(set(self.all_received(ids, receiver).values()), {1})
        self.all_settled()

    def test_after_sending(self):
        self.endpoint(self.admin, max_in_flight=IN_FLIGHT)
        self.receiver.answers.clear()
        ids = self.publish(self.admin, EVENTS)
        until(lambda: len(self.receiver.requests) == IN_FLIGHT, "all that may be is in flight")
        in_flight = set(self.times_received())
        self.server.kill9()
        self.receiver.answers.set()
        self.server = self.serve()
        times = self.all_received(ids)
        self.all_settled()
        self.assertEqual(self.times_received(), {id: 2 if id in in_flight else 1 for id in times})

    def test_after_the_answer(self):
        self.endpoint(self.admin, max_in_flight=IN_FLIGHT)
        with TableLock(self.deployment.dsn, "gatehouse.webhook_attempt", "SHARE") as lock:
            ids = self.publish(self.admin, EVENTS)
            self.all_received(ids)
            until(lock.has_waiter, "the results are being written")
            self.server.kill9()
            # Whose transaction goes on without it, as long as Postgres does not know.
            self.deployment.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        self.assertEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.webhook_attempt"), "0")
        self.server = self.serve()
        self.attempts_become(EVENTS)
        self.all_settled()
        self.assertEqual(self.all_received(ids), {id: 2 for id in ids})

    def test_after_the_answer_with_its_transaction_still_under_way(self):
        self.endpoint(self.admin, max_in_flight=IN_FLIGHT)
        with TableLock(self.deployment.dsn, "gatehouse.webhook_attempt", "SHARE") as lock:
            ids = self.publish(self.admin, EVENTS)
            self.all_received(ids)
            until(lock.has_waiter, "the results are being written")
            self.server.kill9()
            successor = self.serve(wait=False)
        successor.wait_ready()
        self.server, self.admin = successor, self.client(successor)
        ids += self.publish(self.admin, EVENTS)
        times = self.all_received(ids)
        self.all_settled()
        # Written by the dead one or sent again: one of the two, for each.
        self.attempts_become(len(ids))
        self.assertLessEqual(max(times.values()), 2)

    def test_after_writing_the_result(self):
        self.endpoint(self.admin, max_in_flight=IN_FLIGHT)
        ids = self.publish(self.admin, EVENTS)
        self.attempts_become(EVENTS)
        self.kill_and_serve()
        ids += self.publish(self.admin, EVENTS)
        self.attempts_become(2 * EVENTS)
        self.all_settled()
        self.assertEqual(set(self.all_received(ids).values()), {1})

    def test_again_and_again_in_the_midst_of_it(self):
        self.endpoint(self.admin, max_in_flight=IN_FLIGHT)
        ids = []
        for _ in range(5):
            before = len(self.receiver.requests)
            ids += self.publish(self.admin, EVENTS)
            until(lambda least=before + IN_FLIGHT: len(self.receiver.requests) >= least, "it delivers")
            self.kill_and_serve()
        self.all_received(ids)
        self.all_settled()


class OrderedPublisher(threading.Thread):
    """Publishes under a key, the next when the one before is committed, whatever happens to servers.

    Not far ahead of what has arrived: how much is delivered under kills is for the kills to say, not for the publishers.
    """

    AHEAD = 15

    def __init__(self, test, key):
        super().__init__(daemon=True)
        self._test = test
        self._key = key
        # In the order in which they were committed.
        self.ids = []
        self.failure = None

    def run(self):
        try:
            for number in itertools.count():
                while number > self._test.arrived[self._key] + self.AHEAD and not self._test.over.is_set():
                    self._test.pause.wait(0.02)
                if self._test.over.is_set():
                    return
                self.ids.append(self._publish(number))
        except Exception as error:  # pylint: disable=broad-except
            self.failure = error

    def _publish(self, number):
        request_id = str(uuid.uuid4())
        for address in itertools.cycle(self._test.addresses):
            try:
                with Client(address, self._test.key) as client:
                    return client.PublishEvent(
                        type="fault.ordered",
                        data=struct(key=self._key, n=number),
                        ordering_key=self._key,
                        request_id=request_id,
                        timeout=20,
                    ).event_id
            except CallError as error:
                if error.reason is None and error.code not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    raise
                self._test.pause.wait(0.05)


class OrderUnderKillsTest(WebhookCase):
    KEYS = 3
    KILLS = 6
    # Between two kills.
    ARRIVALS = 40

    def setUp(self):
        super().setUp()
        self.over, self.pause = threading.Event(), threading.Event()
        self.servers = [self.serve() for _ in range(2)]
        self.addresses = [server.grpc_address for server in self.servers]
        self.admin = self.client(self.servers[0])
        self.key = self.admin.token
        # By key: how many different events, and by key and number: the requests with it.
        self.arrived = collections.Counter()
        self.requests = collections.defaultdict(list)
        self.overtaken = []
        self.receiver.status = self.judge

    def judge(self, request):
        """The status it gets. An event may come for the first time only after the one before it was taken."""
        data = request.json["data"]
        key, number = data["key"], data["n"]
        earlier = self.requests[key, number]
        earlier.append(request)
        if len(earlier) > 1:
            return 204
        self.arrived[key] += 1
        if number > 0 and not any(r.answer == 204 for r in self.requests[key, number - 1]):
            self.overtaken.append((key, number))
        # Now and then an event fails at first, which holds up its key.
        return 503 if number % 17 == 5 else 204

    def test_each_key_comes_in_order(self):
        self.endpoint(self.admin, max_in_flight=8, retry_schedule={"delays": [{"seconds": 1}] * 5})
        publishers = [OrderedPublisher(self, f"key-{i}") for i in range(self.KEYS)]
        for publisher in publishers:
            publisher.start()
        for kill in range(self.KILLS):
            enough = len(self.receiver.requests) + self.ARRIVALS
            until(lambda least=enough: len(self.receiver.requests) >= least, "it delivers")
            index = kill % 2
            self.servers[index].kill9()
            self.servers[index] = self.serve(f"--grpc-address={self.addresses[index]}")
        self.over.set()
        for publisher in publishers:
            publisher.join(120)
            self.assertFalse(publisher.is_alive(), "a call never gets an answer")
            self.assertIsNone(publisher.failure)
        self.all_received([id for publisher in publishers for id in publisher.ids])
        self.all_settled()
        self.assertEqual(self.overtaken, [], "events that came before an earlier one of their key was taken")
        for publisher in publishers:
            first = list(dict.fromkeys(r.id for r in self.receiver.requests if r.id in set(publisher.ids)))
            self.assertEqual(first, publisher.ids)


if __name__ == "__main__":
    unittest.main()
