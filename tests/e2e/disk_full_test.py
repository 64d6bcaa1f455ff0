"""The disk fills up under a running server, and is emptied again: clear errors meanwhile, and recovery without a restart."""

import os
import random
import unittest
import uuid

from tests.e2e.support import accounts, known_secrets, scratch
from tests.e2e.support.client import CallError, Client, struct
from tests.e2e.support.gatehouse import Gatehouse
from tests.e2e.support.http_client import get
from tests.e2e.support.postgres import run_sql
from tests.e2e.support.waiting import until

# Room for a new database and then some; the rest is filled by the test.
DISK = "300m"
BLOCK = b"\0" * (1 << 20)
# Of one event: more than Postgres has room for in pages that it has already.
EVENT_BYTES = 100_000
EVENT_TYPE = "disk.test"


class DiskFullTest(unittest.TestCase):
    def setUp(self):
        data_dir = scratch.make_folder(self) + "/data"
        os.mkdir(data_dir)
        prefix = accounts.hiding_prefix(data_dir, size=DISK)
        if prefix is None:
            self.skipTest("the kernel does not allow a mount namespace here")
        self.server = Gatehouse.dev(data_dir, prefix=prefix)
        self.addCleanup(self.server.discard)
        # The server's own view: its disk is mounted in its namespace alone.
        self.disk = f"/proc/{self.server.pid}/root{data_dir}"
        self.admin = Client(self.server.grpc_address)
        self.addCleanup(self.admin.close)
        self.admin.login("admin", known_secrets.DEMO_PASSWORD)
        # request_id -> number of events whose fate is open; event id -> number of those that were acknowledged.
        self.failed = {}
        self.acknowledged = {}

    def fill_disk(self):
        with open(self.disk + "/filler", "wb", buffering=0) as filler:
            try:
                while filler.write(BLOCK):
                    pass
            except OSError:
                pass

    def free_disk(self):
        os.remove(self.disk + "/filler")

    def publish(self, number, request_id=None):
        """The error it failed with, or None."""
        request_id = request_id or str(uuid.uuid4())
        # The same for the same number, and not compressible.
        data = struct(n=number, text=random.Random(number).randbytes(EVENT_BYTES // 2).hex())
        try:
            answer = self.admin.PublishEvent(type=EVENT_TYPE, data=data, request_id=request_id)
        except CallError as error:
            self.failed[request_id] = number
            return error
        self.acknowledged[answer.event_id] = number
        return None

    def is_ready(self):
        return get(self.server.http_address, "/readyz")[0] == 200

    def finish(self):
        """Everything works again, and what was acknowledged is there."""
        self.assertIsNone(self.publish(-1))
        self.assertTrue(self.is_ready())
        self.admin.CreateUser(user={"username": "late"}, password="correct horse battery")
        # What failed took no effect, or is acknowledged now and was then.
        for request_id, number in self.failed.copy().items():
            self.assertIsNone(self.publish(number, request_id))
        until(
            lambda: set(self.acknowledged) <= self.list_events(),
            lambda: f"{len(set(self.acknowledged) - self.list_events())} events are missing",
        )
        self.assertEqual(self.list_events(), set(self.acknowledged))
        self.assertEqual(self.server.stop(), 0, self.server.stderr)

    def list_events(self):
        """Ids of the events of these tests that are in the log."""
        found, indexes, token = set(), [], ""
        while True:
            page = self.admin.ListEvents(page_size=1000, page_token=token)
            found |= {event.id for event in page.events if event.type == EVENT_TYPE}
            indexes += [event.index for event in page.events]
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(sorted(indexes), list(range(1, len(indexes) + 1)), "indexes are dense")
        return found

    def test_changes_are_refused_and_reads_go_on(self):
        self.assertIsNone(self.publish(0))
        self.fill_disk()
        errors = [error for number in range(1, 21) if (error := self.publish(number))]
        self.assertTrue(errors, "20 events of 100 KB found room on a full disk")
        for error in errors:
            self.assertEqual((error.code.name, error.reason), ("RESOURCE_EXHAUSTED", "STORAGE_FULL"), error)
            self.assertIn("disk space", error.message)
        self.assertEqual(self.admin.GetUser(username="admin").user.username, "admin")
        self.assertTrue(self.is_ready(), "it serves what it can")
        self.free_disk()
        self.finish()

    def test_postgres_that_ended_for_want_of_space_comes_back(self):
        self.assertIsNone(self.publish(0))
        self.fill_disk()
        dsn = f"host={self.disk}/run user=gatehouse dbname=gatehouse"
        with self.assertRaises(AssertionError):
            # Log without a row, until Postgres has no room for it, and panics.
            for _ in range(20):
                run_sql(dsn, "SELECT pg_logical_emit_message(false, 'fill', repeat('x', 10000000))")
        until(lambda: "no disk space left for" in self.server.stdout, "whoever looks is told why")
        until(lambda: not self.is_ready(), "load balancers are told")
        error = self.publish(1)
        self.assertEqual((error.code.name, error.reason), ("UNAVAILABLE", "DATABASE_UNAVAILABLE"), error)
        self.free_disk()
        until(self.is_ready, lambda: f"ready again\n{self.server.stderr}\n{self.server.stdout}")
        self.finish()
