"""`gatehouse serve` ends when it is told to, even where the database has stopped answering."""

import os
import re
import signal
import socket
import unittest

import grpc

from tests.e2e.support import postgres as pg
from tests.e2e.support import processes, scratch
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.gatehouse import ENDLESS_CALLS, Gatehouse
from tests.e2e.support.grpcurl import Grpcurl
from tests.e2e.support.http_client import get
from tests.e2e.support.waiting import until


class StopTest(unittest.TestCase):
    # "In time" is by the server's own watch: it breaks off a stop that takes longer than the grace and a margin, which is
    # less than the deadline of any statement, and its exit code tells (service/main/app.cc).

    def setUp(self):
        self.postgres = pg.Postgres(self)

    def test_ends_in_time_while_the_database_hangs(self):
        deployment = Deployment(self, self.postgres)
        password = deployment.seed_admin()
        # Who the viewer is the server has to know without the database, however long the machine takes.
        server = deployment.serve("--grpc-drain-grace-ms=200", "--auth-max-revocation-lag-ms=86400000", *ENDLESS_CALLS)
        viewer = self.viewer(server, password)
        self.addCleanup(self.postgres.thaw)
        self.postgres.freeze()
        until(lambda: passes_in_flight(server) > 0, "a worker waits for the database")
        refused = viewer.start("CreateUser", user={"username": "bob"})
        until(lambda: calls_in_flight(server) > 0, "a refused call waits until its denial is written")
        server.send(signal.SIGTERM)
        self.assertEqual(server.wait_exit(), 0, server.stderr)
        self.assertIsNotNone(refused.exception())
        self.assertIn("a denial could not be recorded", server.stderr)

    def viewer(self, server, root_password):
        """A client whose calls to change something are refused without asking the database."""
        admin, viewer = Client(server.grpc_address), Client(server.grpc_address)
        self.addCleanup(admin.close)
        self.addCleanup(viewer.close)
        admin.login("root", root_password)
        admin.CreateUser(user={"username": "ada", "role": "viewer"}, password="correct horse battery")
        viewer.login("ada", "correct horse battery")

        def is_refused():
            with self.assertRaises(CallError) as raised:
                viewer.CreateUser(user={"username": "bob"})
            self.assertEqual(raised.exception.code, grpc.StatusCode.PERMISSION_DENIED)

        is_refused()
        # What is in the log by now makes the server forget nothing any more.
        until(lambda: admin.ListEvents(filter='type = "gatehouse.call_denied"').events, "the denial's place in the log")
        is_refused()
        return viewer

    def test_calls_go_on_until_those_who_send_them_know(self):
        server = Deployment(self, self.postgres).serve("--grpc-drain-delay-ms=10000")
        self.assertEqual(get(server.http_address, "/readyz")[0], 200)
        server.send(signal.SIGTERM)
        until(lambda: get(server.http_address, "/readyz")[0] == 503, "not ready any more")
        self.assertEqual(Grpcurl(server.grpc_address).call("grpc.health.v1.Health/Check")["status"], "NOT_SERVING")
        late = Client(server.grpc_address)
        self.addCleanup(late.close)
        # An answer of the method, not of a server that is gone.
        with self.assertRaises(CallError) as raised:
            late.ListUsers()
        self.assertEqual(raised.exception.code, grpc.StatusCode.UNAUTHENTICATED)
        self.assertEqual(server.wait_exit(), 0, server.stderr)

    def test_dev_ends_in_time_while_its_database_is_suspended(self):
        data_dir = scratch.make_folder(self) + "/data"
        server = Gatehouse.dev(data_dir, "--grpc-drain-grace-ms=200", *ENDLESS_CALLS)
        self.addCleanup(server.discard)
        for pid in processes.tree_of(min(processes.postgres_of(data_dir))):
            os.kill(pid, signal.SIGSTOP)
        until(lambda: passes_in_flight(server) > 0, "a worker waits for the database")
        server.send(signal.SIGTERM)
        self.assertEqual(server.wait_exit(), 0, server.stderr)
        self.assertEqual(processes.postgres_of(data_dir), [])

    def test_ends_at_once_while_it_waits_for_the_database_to_start(self):
        deployment = Deployment(self, self.postgres, migrate=False)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(60)
            server = deployment.serve(
                "--database-connect-timeout-ms=60000",
                env={"GATEHOUSE_DATABASE_DSN": f"host=127.0.0.1 port={listener.getsockname()[1]} user=x dbname=x"},
                wait=False,
            )
            with listener.accept()[0]:
                server.send(signal.SIGTERM)
                # And not when the connection is given up.
                self.assertEqual(server.wait_exit(timeout=30), 128 + signal.SIGTERM, server.stderr)


def passes_in_flight(server):
    return metric(server, 'gatehouse_database_in_flight{database="sequencer"}')


def calls_in_flight(server):
    return metric(server, "gatehouse_rpc_in_flight")


def metric(server, name):
    text = get(server.http_address, "/metrics")[1]
    return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)[1])
