"""kill -9 of one of two servers: the other takes over its webhook endpoints at once, and sends again only what was in flight."""

import time
import unittest

from tests.e2e.support.waiting import until
from tests.e2e.support.webhook_case import WebhookCase

IN_FLIGHT = 2
# From the kill, or the new start, to the first request. Leases last for 15 s.
WITHIN_S = 2
# The best one counts: the machine may be busy with others.
TURNS = 3


class TakeoverTest(WebhookCase):
    def test_the_endpoints_of_a_killed_server_go_to_another(self):
        owner = self.serve()
        client = self.client(owner)
        self.endpoint(client, max_in_flight=IN_FLIGHT)
        written = self.publish(client, 5)
        self.attempts_become(5)
        self.receiver.answers.clear()
        waiting = self.publish(client, 5)
        until(lambda: len(self.receiver.requests) == 5 + IN_FLIGHT, "two are in flight, with no answer")
        in_flight = set(self.times_received()) - set(written)
        self.serve()
        self.sql_becomes("SELECT count(*) FROM gatehouse.deliverer", "2")
        # Whoever waited for the end of the lease would wait for an hour.
        self.deployment.sql("UPDATE gatehouse.endpoint_delivery SET lease_until = now() + interval '1 hour'")
        owner.kill9()
        self.receiver.answers.set()
        self.sql_becomes("SELECT count(DISTINCT event_id) FROM gatehouse.webhook_attempt", "10")
        expected = {id: 2 if id in in_flight else 1 for id in written + waiting}
        self.assertEqual(self.times_received(), expected)
        self.all_settled()

    def in_flight(self, client, endpoints):
        """An event that is on its way to so many endpoints, and gets no answer."""
        self.receiver.answers.clear()
        event = self.publish(client, 1)[0]
        self.received(event, endpoints)
        return event

    def received(self, event, times):
        until(lambda: self.times_received()[event] >= times, lambda: f"{self.times_received()[event]} of {times} requests came")

    def test_another_server_goes_on_within_two_seconds(self):
        owner = self.serve()
        self.endpoint(self.client(owner))
        took = []
        for _ in range(TURNS):
            event = self.in_flight(self.client(owner), 1)
            heir = self.serve()
            self.sql_becomes("SELECT count(*) FROM gatehouse.deliverer", "2")
            owner.kill9()
            begin = time.monotonic()
            self.receiver.answers.set()
            self.received(event, 2)
            took.append(time.monotonic() - begin)
            owner = heir
        self.all_settled()
        self.assertLessEqual(min(took), WITHIN_S, took)

    def test_the_same_server_started_again_goes_on_within_two_seconds(self):
        server = self.serve()
        for number in range(5):
            self.endpoint(self.client(server), f"{self.receiver.url}/{number}")
        took = []
        for _ in range(TURNS):
            event = self.in_flight(self.client(server), 5)
            server.kill9()
            self.receiver.answers.set()
            server = self.serve()
            begin = time.monotonic()
            self.received(event, 10)
            took.append(time.monotonic() - begin)
        self.all_settled()
        self.assertLessEqual(min(took), WITHIN_S, took)


if __name__ == "__main__":
    unittest.main()
