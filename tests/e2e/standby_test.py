"""Standbys as docs/operating/scaling.md tells: one that answers lists (database.read_dsn), and one that waits for its promotion."""

import json
import re
import subprocess
import unittest

from tests.e2e.support import accounts, scratch
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.exit_codes import EXIT_SCHEMA_MISMATCH
from tests.e2e.support.gatehouse import run
from tests.e2e.support.http_client import get
from tests.e2e.support.roles import RolesDeployment, dsn_of
from tests.e2e.support.waiting import until


class StandbyTest(unittest.TestCase):
    def setUp(self):
        self.primary = pg.Postgres(self)
        self.deployment = RolesDeployment(self, self.primary)
        self.password = self.deployment.seed_admin()
        self.standby = self.copy_of_primary()
        self.deployment.env["GATEHOUSE_DATABASE_READ_DSN"] = dsn_of(self.standby, "gatehouse_server")

    def copy_of_primary(self):
        data = pg.make_folder(scratch.make_folder(self) + "/standby")
        words = ["-h", self.primary.socket_dir, "-U", "postgres", "-D", data, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        subprocess.run([*accounts.prefix_of("postgres"), f"{pg.bin_dir()}/pg_basebackup", *words], cwd="/", check=True)
        return pg.Postgres(self, data=data)

    def serve(self):
        server = self.deployment.serve()
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        client.login("root", self.password)
        return server, client

    def figure(self, server, name):
        text = get(server.http_address, "/metrics")[1]
        return float(re.search(rf"^gatehouse_{re.escape(name)} (\S+)$", text, re.MULTILINE).group(1))

    def await_usable(self, server, usable=1):
        until(lambda: self.figure(server, "standby_usable") == usable, f"standby_usable {usable}")

    def answered(self, server):
        return self.figure(server, 'standby_reads_total{result="answered"}')

    def await_answer(self, server, read):
        """Until the standby answers what `read` asks for: the primary does while connections are made anew and while it lags."""
        before = self.answered(server)

        def reads():
            read()
            return self.answered(server) > before

        until(reads, "an answer of the standby")

    def doctor_says(self, check="standby"):
        """Of the standby, or of something else: OK, WARN or FAIL."""
        done = run("doctor", "--format=json", env=self.deployment.env)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return next(line["level"] for line in lines if line["check"] == check)

    def test_it_answers_every_list_that_may_lag(self):
        server, client = self.serve()
        self.await_answer(server, client.ListUsers)
        before = self.answered(server)
        self.assertEqual([user.username for user in client.ListUsers().users], ["root"])
        client.ListUsers(order_by="username")
        client.ListUsers(filter='role = "admin"')
        client.ListUsers(filter='search = "root"')
        client.ListSessions()
        client.ListSessions(show_ended=True)
        client.ListEvents()
        client.ListEvents(filter='type = "user.created"', order_by="index")
        self.assertEqual(self.answered(server) - before, 8)
        # No statement of theirs is one that a standby refuses.
        self.assertEqual(self.figure(server, 'standby_reads_total{result="failed"}'), 0)
        self.assertGreater(self.figure(server, 'database_connections{database="standby"}'), 0)
        # What decides something is read where it is written.
        before = self.answered(server)
        user = client.CreateUser(user={"username": "ada"}).user
        self.assertEqual(client.GetUser(user_id=user.id).user.username, "ada")
        client.DeleteUser(user_id=user.id)
        self.assertEqual(self.answered(server), before)
        self.assertEqual(server.stop(), 0)
        self.assertIn("standby: answers reads that may lag", server.stderr)

    def test_one_that_falls_behind_is_left_out_until_it_has_caught_up(self):
        self.deployment.env["GATEHOUSE_DATABASE_READ_MAX_LAG_MS"] = "1000"
        server, client = self.serve()
        self.await_usable(server)
        self.standby.sql("SELECT pg_wal_replay_pause()")
        client.CreateUser(user={"username": "behind"})
        self.await_usable(server, 0)
        self.assertIn("behind", [user.username for user in client.ListUsers().users])
        self.assertGreater(self.figure(server, "standby_lag_seconds"), 0)
        self.standby.sql("SELECT pg_wal_replay_resume()")
        self.await_answer(server, lambda: self.assertIn("behind", [user.username for user in client.ListUsers().users]))

    def test_while_it_is_away_the_primary_answers(self):
        server, client = self.serve()
        self.await_usable(server)
        self.standby.stop()
        # At once, and when it is known.
        self.assertTrue(client.ListUsers().users)
        self.await_usable(server, 0)
        self.assertTrue(client.ListUsers().users)
        # Nor does a start need it.
        other, _ = self.serve()
        self.assertEqual(other.stop(), 0)
        self.assertEqual(self.doctor_says(), "WARN")
        self.standby.start()
        self.await_answer(server, client.ListUsers)
        self.assertEqual(self.doctor_says(), "OK")

    def test_another_database_stops_the_start(self):
        self.deployment.env["GATEHOUSE_DATABASE_READ_DSN"] = self.standby.dsn("postgres")
        server = self.deployment.serve(wait=False)
        self.assertEqual(server.wait_exit(), EXIT_SCHEMA_MISMATCH)
        self.assertIn("database.read_dsn", server.stderr)
        self.assertEqual(self.doctor_says(), "FAIL")

    def test_a_server_waits_for_the_promotion_of_a_standby_if_it_is_told_to(self):
        # The first server makes keys and the next days of the log, which one on a standby cannot.
        self.assertEqual(self.deployment.serve().stop(), 0)
        position = self.primary.sql("SELECT pg_current_wal_flush_lsn()")
        until(lambda: self.standby.sql(f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == "t", "the standby has it all")
        del self.deployment.env["GATEHOUSE_DATABASE_READ_DSN"]
        # It does not say what kind of server is wanted.
        self.deployment.env["GATEHOUSE_DATABASE_DSN"] = dsn_of(self.standby, "gatehouse_server")
        refused = self.deployment.serve(wait=False)
        self.assertEqual(refused.wait_exit(), EXIT_SCHEMA_MISMATCH)
        self.assertIn("database.allow_standby", refused.stderr)
        self.assertEqual(self.doctor_says("database"), "FAIL")
        self.deployment.env["GATEHOUSE_DATABASE_ALLOW_STANDBY"] = "true"
        self.assertEqual(self.doctor_says("database"), "OK")
        server = self.deployment.serve()
        with Client(server.grpc_address) as client:
            with self.assertRaises(CallError) as raised:
                client.login("root", self.password)
            self.assertEqual(raised.exception.reason, "DATABASE_UNAVAILABLE")
            self.primary.stop()
            self.standby.sql("SELECT pg_promote()")

            def logs_in():
                try:
                    client.login("root", self.password)
                except CallError:
                    return False
                return True

            until(logs_in, "changes are taken")
        self.assertEqual(server.stop(), 0)

    def test_the_primary_itself_is_no_reason_to_stop(self):
        self.deployment.env["GATEHOUSE_DATABASE_READ_DSN"] = self.deployment.server_dsn
        server, client = self.serve()
        self.assertTrue(client.ListUsers().users)
        self.assertEqual(self.figure(server, "standby_usable"), 0)
        self.assertEqual(server.stop(), 0)
        self.assertEqual(self.doctor_says(), "WARN")


if __name__ == "__main__":
    unittest.main()
