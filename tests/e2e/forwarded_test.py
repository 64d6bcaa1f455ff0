"""Callers behind a proxy that is trusted: their address is the one in sessions, in events and in limits."""

import socket
import threading
import unittest

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.waiting import until

# Of documentation, RFC 5737.
ADA, BOB = "198.51.100.7", "203.0.113.9"
TRUST_US = "--grpc-trusted-networks=127.0.0.0/8"


def forwarded(addresses):
    return (("x-forwarded-for", addresses),)


class Relay:
    """A proxy that passes TCP on, and says by the PROXY protocol, version 2, that it is for `client`."""

    def __init__(self, test, server_address, client):
        host, _, port = server_address.rpartition(":")
        self._server = (host, int(port))
        # A connection for somebody else (0x21), TCP over IPv4 (0x11), and how long the addresses are.
        self._header = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + socket.inet_aton(client) + socket.inet_aton("10.0.0.1")
        self._header += (40_000).to_bytes(2, "big") + (443).to_bytes(2, "big")
        self._listener = socket.create_server(("127.0.0.1", 0))
        test.addCleanup(self._listener.close)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                # The test is over.
                return
            server = socket.create_connection(self._server)
            server.sendall(self._header)
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    @staticmethod
    def _pass_on(source, target):
        try:
            while part := source.recv(1 << 16):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            # Either end is gone.
            pass


class ForwardedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def setUp(self):
        self.deployment = Deployment(self, self.postgres)
        self.password = self.deployment.seed_admin()

    def client(self, address):
        client = Client(address)
        self.addCleanup(client.close)
        return client

    def log_in(self, client, metadata=()):
        """The address that the session has."""
        login = client.CreateSession(login="root", password=self.password, metadata=metadata)
        client.token = login.tokens.access_token
        return login.session.ip_address

    def address_in_event(self, client, event_type, number=1):
        """Of the latest one, when there are so many."""

        def all_of_them():
            events = client.ListEvents(filter=f'type = "{event_type}"').events
            return events if len(events) >= number else None

        return until(all_of_them, event_type)[0].context.ip_address

    def test_sessions_and_events_have_the_address_of_the_call(self):
        client = self.client(self.deployment.serve(TRUST_US).grpc_address)
        # What the client wrote itself stands before what the proxy adds.
        self.assertEqual(self.log_in(client, forwarded(f"192.0.2.1, {ADA}")), ADA)
        self.assertEqual(self.address_in_event(client, "session.created"), ADA)
        self.assertEqual([session.ip_address for session in client.ListSessions().sessions], [ADA])
        client.CreateUser(user={"username": "ada"}, metadata=forwarded(BOB))
        self.assertEqual(self.address_in_event(client, "user.created", number=2), BOB)

    def test_sessions_and_events_have_the_address_of_the_connection(self):
        server = self.deployment.serve(TRUST_US)
        client = self.client(Relay(self, server.grpc_address, ADA).address)
        self.assertEqual(self.log_in(client), ADA)
        self.assertEqual(self.address_in_event(client, "session.created"), ADA)

    def test_nobody_else_is_believed(self):
        client = self.client(self.deployment.serve().grpc_address)
        self.assertEqual(self.log_in(client, forwarded(ADA)), "127.0.0.1")
        self.assertEqual(self.address_in_event(client, "session.created"), "127.0.0.1")

    def is_limited(self, client, metadata=()):
        try:
            client.GetJwks(metadata=metadata)
            return False
        except CallError as error:
            self.assertEqual(error.reason, "RATE_LIMITED")
            return True

    def test_limits_are_those_of_the_address(self):
        server = self.deployment.serve(TRUST_US, "--auth-public-requests-per-second=1")
        client = self.client(server.grpc_address)
        self.assertTrue(any(self.is_limited(client, forwarded(ADA)) for _ in range(100)))
        self.assertFalse(self.is_limited(client, forwarded(BOB)))
        # However it is told.
        same, other = (self.client(Relay(self, server.grpc_address, address).address) for address in (ADA, "192.0.2.5"))
        self.assertTrue(any(self.is_limited(same) for _ in range(100)))
        self.assertFalse(self.is_limited(other))


if __name__ == "__main__":
    unittest.main()
