"""`gatehouse serve` ends when it is told to, even where the database has stopped answering."""

import os
import re
import signal
import socket
import unittest

from tests.e2e.support import postgres as pg
from tests.e2e.support import processes, scratch
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.gatehouse import Gatehouse
from tests.e2e.support.http_client import get
from tests.e2e.support.waiting import until

# service/main/app.cc: what stopping may take beyond the grace before it is broken off.
STOP_MARGIN_S = 5
# For a busy machine. All together is less than the deadline of any statement.
SLACK_S = 6


class StopTest(unittest.TestCase):
    def setUp(self):
        self.postgres = pg.Postgres(self)

    def test_ends_in_time_while_the_database_hangs(self):
        server = Deployment(self, self.postgres).serve("--grpc-drain-grace-ms=200")
        self.addCleanup(self.postgres.thaw)
        self.postgres.freeze()
        until(lambda: passes_in_flight(server) > 0, "a worker waits for the database")
        server.send(signal.SIGTERM)
        self.assertEqual(server.wait_exit(timeout=STOP_MARGIN_S + SLACK_S), 0, server.stderr)

    def test_dev_ends_in_time_while_its_database_is_suspended(self):
        data_dir = scratch.make_folder(self) + "/data"
        server = Gatehouse.dev(data_dir, "--grpc-drain-grace-ms=200")
        self.addCleanup(server.discard)
        for pid in processes.tree_of(min(processes.postgres_of(data_dir))):
            os.kill(pid, signal.SIGSTOP)
        until(lambda: passes_in_flight(server) > 0, "a worker waits for the database")
        server.send(signal.SIGTERM)
        self.assertEqual(server.wait_exit(timeout=STOP_MARGIN_S + SLACK_S), 0, server.stderr)
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
                self.assertEqual(server.wait_exit(timeout=SLACK_S), 128 + signal.SIGTERM, server.stderr)


def passes_in_flight(server):
    text = get(server.http_address, "/metrics")[1]
    return float(re.search(r'^gatehouse_database_in_flight\{database="sequencer"\} (\S+)$', text, re.MULTILINE)[1])
