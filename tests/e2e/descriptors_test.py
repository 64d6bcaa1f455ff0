"""File descriptors: how many the program lets itself have, and what it says when there are none left for connections."""

import re
import socket
import unittest

from tests.e2e.support import postgres as pg
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.grpcurl import Grpcurl
from tests.e2e.support.http_client import get
from tests.e2e.support.waiting import DEADLINE_S, until

# More than the program needs by itself.
FEW = 300


class DescriptorsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def serve(self, soft, hard):
        return Deployment(self, self.postgres).serve(prefix=["/usr/bin/prlimit", f"--nofile={soft}:{hard}"])

    def connect(self, address):
        host, _, port = address.rpartition(":")
        connection = socket.create_connection((host, int(port)), timeout=DEADLINE_S)
        self.addCleanup(connection.close)
        return connection

    def test_the_soft_limit_is_raised_to_the_hard_one(self):
        server = self.serve(soft=FEW, hard=2048)
        with open(f"/proc/{server.pid}/limits", encoding="ascii") as file:
            limits = re.search(r"^Max open files +(\d+) +(\d+)", file.read(), re.MULTILINE)
        self.assertEqual(limits.groups(), ("2048", "2048"))
        connections = [self.connect(server.grpc_address) for _ in range(FEW + 50)]
        self.assertTrue(all(is_greeted(connection) for connection in connections))

    def test_is_not_ready_while_no_connection_can_be_accepted(self):
        server = self.serve(soft=FEW, hard=FEW)
        # Later none would be accepted here either. They have ten seconds for their request.
        asking = [self.connect(server.http_address) for _ in range(5)]
        # Connections are accepted in their order: once this one is served, those are accepted.
        self.assertEqual(get(server.http_address, "/readyz")[0], 200)
        taken = []
        status = 200
        # A descriptor may have become free after the last one was taken.
        while status == 200 and asking:
            taken += self.take_all(server)
            status = status_of(asking.pop(), "/readyz")
        self.assertEqual(status, 503)
        self.assertGreater(len(taken), 100)

        for connection in taken:
            connection.close()
        until(lambda: self.ready(server), "it accepts connections again")
        self.assertEqual(Grpcurl(server.grpc_address).call("grpc.health.v1.Health/Check")["status"], "SERVING")
        refused = re.search(r'^gatehouse_grpc_connections_refused_total{reason="no_descriptor"} (\d+)', metrics(server), re.MULTILINE)
        self.assertGreater(int(refused.group(1)), 0)

    def take_all(self, server):
        """Connections until one is refused."""
        taken = []
        while True:
            connection = self.connect(server.grpc_address)
            if not is_greeted(connection):
                return taken
            taken.append(connection)

    def ready(self, server):
        try:
            return get(server.http_address, "/readyz")[0] == 200
        except OSError:
            # The HTTP port had to refuse it as well.
            return False


def is_greeted(connection):
    """Whether the server speaks, as it does at once over HTTP/2, or closes."""
    try:
        return connection.recv(1) != b""
    except ConnectionResetError:
        return False


def status_of(connection, path):
    """Of a GET on a connection that is open."""
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return int(connection.recv(1 << 16).split(b" ")[1])


def metrics(server):
    return get(server.http_address, "/metrics")[1]


if __name__ == "__main__":
    unittest.main()
