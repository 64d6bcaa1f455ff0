"""kill -9 of the server in mid-run: nothing it acknowledged is missing afterwards, and every webhook arrives."""

import itertools
import threading
import unittest
import uuid

from tests.e2e.support import known_secrets, scratch
from tests.e2e.support.client import CallError, Client, struct
from tests.e2e.support.gatehouse import Gatehouse
from tests.e2e.support.processes import postgres_of
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.server_case import check_postgres_log
from tests.e2e.support.waiting import until

PUBLISHERS = 8
# Events acknowledged before the kill: it hits while more are on their way.
BEFORE_KILL = 200


class Publisher(threading.Thread):
    """Publishes until the server is gone; knows what was acknowledged."""

    def __init__(self, address, token, numbers):
        super().__init__(daemon=True)
        self._address = address
        self._token = token
        self._numbers = numbers
        self.acknowledged = {}
        self.unknown = {}

    def run(self):
        with Client(self._address, self._token) as client:
            while True:
                number = next(self._numbers)
                request_id = str(uuid.uuid4())
                try:
                    answer = client.PublishEvent(type="crash.test", data=struct(n=number), request_id=request_id)
                except CallError:
                    self.unknown[request_id] = number
                    return
                self.acknowledged[answer.event_id] = number


class DevCrashTest(unittest.TestCase):
    def setUp(self):
        self.data_dir = scratch.make_folder(self) + "/data"

    def start(self):
        server = Gatehouse.dev(self.data_dir)
        self.addCleanup(server.discard)
        return server

    def admin(self, server):
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        client.login("admin", known_secrets.DEMO_PASSWORD)
        return client

    def test_nothing_acknowledged_is_lost(self):
        server = self.start()
        admin = self.admin(server)
        receiver = Receiver(self)
        endpoint = admin.CreateEndpoint(
            endpoint={"url": receiver.url, "event_types": ["crash.*"], "max_in_flight": 8}
        )
        numbers = itertools.count()
        publishers = [Publisher(server.grpc_address, admin.token, numbers) for _ in range(PUBLISHERS)]
        for publisher in publishers:
            publisher.start()
        until(lambda: sum(len(p.acknowledged) for p in publishers) >= BEFORE_KILL, "enough events are acknowledged")
        server.kill9()
        for publisher in publishers:
            publisher.join(60)
        acknowledged = {k: v for publisher in publishers for k, v in publisher.acknowledged.items()}
        unknown = {k: v for publisher in publishers for k, v in publisher.unknown.items()}

        server = self.start()
        self.assertEqual(len(postgres_of(self.data_dir)), 1, "the old database still runs beside the new one")
        # A login of its own: the old token would do as well.
        admin = self.admin(server)
        # Whether these took effect nobody knows; the same request_id makes it once for sure.
        for request_id, number in unknown.items():
            answer = admin.PublishEvent(type="crash.test", data=struct(n=number), request_id=request_id)
            acknowledged[answer.event_id] = number
        until(
            lambda: set(acknowledged) <= {request.id for request in receiver.requests},
            lambda: f"{len(set(acknowledged) - {r.id for r in receiver.requests})} of {len(acknowledged)} are missing",
        )
        for request in receiver.requests:
            request.verify(endpoint.secret)
        # At least once: more often only under the same id, and nothing that nobody published.
        delivered = {request.id: request.json["data"]["n"] for request in receiver.requests}
        self.assertEqual(delivered, acknowledged)
        self.assert_in_the_log(admin, acknowledged)
        self.assertEqual(server.stop(), 0, server.stderr)
        check_postgres_log(self.data_dir)

    def assert_in_the_log(self, admin, expected):
        found, indexes, token = set(), [], ""
        while True:
            page = admin.ListEvents(page_size=1000, page_token=token)
            found |= {event.id for event in page.events if event.type == "crash.test"}
            indexes += [event.index for event in page.events]
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(found, set(expected))
        self.assertEqual(sorted(indexes), list(range(1, len(indexes) + 1)), "indexes are dense")
