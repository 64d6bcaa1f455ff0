"""kill -9 of the server in the midst of a replay: the next one goes on, and each event was scheduled once."""

import unittest

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import Client, struct
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.waiting import until

EVENTS = 60
SUCCEEDED = 3


class ReplayTest(unittest.TestCase):
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

    def test_goes_on_after_a_kill(self):
        server = self.deployment.serve()
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        client.login("root", self.password)
        endpoint = client.CreateEndpoint(endpoint={"url": self.receiver.url, "event_types": ["order.*"]}).endpoint
        ids = {client.PublishEvent(type="order.paid", data=struct(n=n)).event_id for n in range(EVENTS)}
        self.sql_becomes("SELECT count(*) FROM gatehouse.webhook_attempt", str(EVENTS))
        replay = client.ReplayEvents(
            endpoint_id=endpoint.id, outcomes=["DELIVERY_OUTCOME_SUCCEEDED"], max_events_per_second=10
        ).replay
        self.sql_becomes("SELECT scheduled_count > 0 FROM gatehouse.webhook_replay", "t")
        server.kill9()
        self.assertEqual(self.deployment.sql("SELECT state FROM gatehouse.webhook_replay"), "2", "it was not over yet")
        client = Client(self.deployment.serve().grpc_address)
        self.addCleanup(client.close)
        client.login("root", self.password)
        until(lambda: client.GetReplay(replay_id=replay.id).replay.state == SUCCEEDED, "the replay is through")
        self.assertEqual(client.GetReplay(replay_id=replay.id).replay.scheduled_count, EVENTS)
        self.sql_becomes("SELECT count(*) FROM gatehouse.webhook_exception", "0")
        # What was in flight at the kill was sent once more, and not written.
        self.sql_becomes(
            "SELECT string_agg(DISTINCT n::text, ' ') FROM "
            "(SELECT count(*) AS n FROM gatehouse.webhook_attempt GROUP BY event_id) AS attempts",
            "2",
        )
        self.assertEqual({request.id for request in self.receiver.requests}, ids)


if __name__ == "__main__":
    unittest.main()
