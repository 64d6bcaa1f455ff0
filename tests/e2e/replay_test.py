"""kill -9 of the server in the midst of a replay: the next one goes on, and each event was scheduled once."""

import unittest

from tests.e2e.support.client import struct
from tests.e2e.support.waiting import until
from tests.e2e.support.webhook_case import WebhookCase

EVENTS = 60
SUCCEEDED = 3


class ReplayTest(WebhookCase):
    def test_goes_on_after_a_kill(self):
        server = self.serve()
        client = self.client(server)
        endpoint = self.endpoint(client, event_types=["order.*"]).endpoint
        ids = {client.PublishEvent(type="order.paid", data=struct(n=n)).event_id for n in range(EVENTS)}
        self.attempts_become(EVENTS)
        replay = client.ReplayEvents(
            endpoint_id=endpoint.id, outcomes=["DELIVERY_OUTCOME_SUCCEEDED"], max_events_per_second=10
        ).replay
        self.sql_becomes("SELECT scheduled_count > 0 FROM gatehouse.webhook_replay", "t")
        server.kill9()
        self.assertEqual(self.deployment.sql("SELECT state FROM gatehouse.webhook_replay"), "2", "it was not over yet")
        client = self.client(self.serve())
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
