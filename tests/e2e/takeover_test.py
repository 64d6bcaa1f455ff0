"""kill -9 of one of two servers: the other takes over its webhook endpoints at once, and sends again only what was in flight."""

import unittest

from tests.e2e.support.waiting import until
from tests.e2e.support.webhook_case import WebhookCase

IN_FLIGHT = 2


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


if __name__ == "__main__":
    unittest.main()
