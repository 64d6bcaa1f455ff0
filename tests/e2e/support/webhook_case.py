"""Servers that deliver webhooks to real receivers, for tests of what may happen to either."""

import collections
import socket
import unittest

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import Client, struct
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.waiting import until

PERMISSIONS = ["endpoints.read", "endpoints.write", "events.publish", "events.read"]


class WebhookCase(unittest.TestCase):
    """A database for any number of servers, a receiver, and a client that outlives each server."""

    # Of Postgres; None: fast, and not for crashes of it.
    POSTGRES = None

    def setUp(self):
        self.postgres = pg.Postgres(self, self.POSTGRES)
        self.deployment = Deployment(self, self.postgres)
        self.deployment.env.update(
            GATEHOUSE_WEBHOOK_ALLOW_HTTP="true",
            GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8",
        )
        self.password = self.deployment.seed_admin()
        self.receiver = Receiver(self)
        self._key = None
        self._latest = None

    def serve(self, *arguments, **options):
        self._latest = self.deployment.serve(*arguments, **options)
        return self._latest

    def client(self, server):
        """With an API key, which is good with every server."""
        if self._key is None:
            with Client(server.grpc_address) as admin:
                admin.login("root", self.password)
                self._key = admin.CreateApiKey(api_key={"display_name": "test", "permissions": PERMISSIONS}).key
        client = Client(server.grpc_address, self._key)
        self.addCleanup(client.close)
        return client

    def endpoint(self, client, url=None, **fields):
        fields = {"url": url or self.receiver.url, "event_types": ["fault.*"], **fields}
        return client.CreateEndpoint(endpoint=fields)

    def publish(self, client, count):
        """Their ids: each is committed."""
        return [client.PublishEvent(type="fault.test", data=struct(n=n)).event_id for n in range(count)]

    def sql_becomes(self, query, expected):
        until(lambda: self.deployment.sql(query) == expected, lambda: f"{query} is {self.deployment.sql(query)}")

    def attempts_become(self, count):
        """So many are written."""
        self.sql_becomes("SELECT count(*) FROM gatehouse.webhook_attempt", str(count))

    def all_settled(self):
        """What is committed was delivered, as the server that was started last accounts for it too; nothing waits or was given up."""
        self.sql_becomes(
            "SELECT count(*) FROM gatehouse.endpoint_delivery d JOIN gatehouse.event_log_head h USING (tenant_id) "
            "WHERE d.position < (SELECT coalesce(max(index), 0) FROM gatehouse.event_order o "
            "WHERE o.tenant_id = d.tenant_id AND o.type LIKE 'fault.%')",
            "0",
        )
        self.sql_becomes("SELECT count(*) FROM gatehouse.webhook_exception", "0")
        with Client(self._latest.grpc_address, self._key) as client:
            for endpoint in client.ListEndpoints().endpoints:
                found = client.ReconcileDeliveries(endpoint_id=endpoint.id)
                self.assertEqual((found.difference, found.next_index), (0, 0), found)
                self.assertEqual(found.delivered_count, found.matched_count, found)

    def times_received(self, receiver=None):
        return collections.Counter(request.id for request in (receiver or self.receiver).requests)

    def all_received(self, ids, receiver=None):
        """Waits until each of `ids` was received; how often each was. Nothing else may have been."""
        until(
            lambda: set(ids) <= set(self.times_received(receiver)),
            lambda: f"{len(set(ids) - set(self.times_received(receiver)))} of {len(ids)} are missing",
        )
        times = self.times_received(receiver)
        self.assertEqual(set(times), set(ids), "what nobody committed was sent")
        return times


class ShutDoor:
    """An address where connecting neither succeeds nor fails, until it is opened: who sends there has not sent yet."""

    def __init__(self, test):
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self._port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}/hook"
        # One fits into a queue of length 0; the next ones are the first to get no answer.
        self._fillers = [socket.socket() for _ in range(4)]
        for filler in self._fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self._port))
        self._own = {filler.getsockname()[1] for filler in self._fillers}
        test.addCleanup(self._close)

    def knocks(self):
        """How many connections of others wait to be made."""
        with open("/proc/net/tcp", encoding="utf-8") as table:
            rows = [line.split() for line in table.readlines()[1:]]
        syn_sent, ours = "02", f":{self._port:04X}"
        return sum(
            1 for row in rows if row[3] == syn_sent and row[2].endswith(ours) and int(row[1].split(":")[1], 16) not in self._own
        )

    def open(self, test):
        """A receiver there."""
        for filler in self._fillers:
            filler.close()
        return Receiver(test, self._listener)

    def _close(self):
        for filler in self._fillers:
            filler.close()
        self._listener.close()

