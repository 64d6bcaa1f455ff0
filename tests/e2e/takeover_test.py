"""kill -9 of one of two servers: the other takes over its webhook endpoints at once, and sends again only what was in flight."""

import collections
import unittest

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import Client, struct
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.waiting import until

IN_FLIGHT = 2


class TakeoverTest(unittest.TestCase):
    def setUp(self):
        self.deployment = Deployment(self, pg.Postgres(self))
        self.deployment.env.update(
            GATEHOUSE_WEBHOOK_ALLOW_HTTP="true",
            GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8",
        )
        self.password = self.deployment.seed_admin()
        self.receiver = Receiver(self)

    def sql_becomes(self, query, expected):
        until(lambda: self.deployment.sql(query) == expected, lambda: f"{query} is {self.deployment.sql(query)}")

    def publish(self, client, count):
        return [client.PublishEvent(type="take.over", data=struct(n=n)).event_id for n in range(count)]

    def times_received(self):
        return collections.Counter(request.id for request in self.receiver.requests)

    def test_the_endpoints_of_a_killed_server_go_to_another(self):
        owner = self.deployment.serve()
        client = Client(owner.grpc_address)
        self.addCleanup(client.close)
        client.login("root", self.password)
        client.CreateEndpoint(endpoint={"url": self.receiver.url, "event_types": ["take.*"], "max_in_flight": IN_FLIGHT})
        written = self.publish(client, 5)
        self.sql_becomes("SELECT count(*) FROM gatehouse.webhook_attempt", "5")
        self.receiver.answers.clear()
        waiting = self.publish(client, 5)
        until(lambda: len(self.receiver.requests) == 5 + IN_FLIGHT, "two are in flight, with no answer")
        in_flight = set(self.times_received()) - set(written)
        self.deployment.serve()
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
