"""The roles of deploy/postgres: the server works with what they give it, and can do no more."""

import os
import re
import unittest

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import Client
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.roles import RolesDeployment, dsn_of
from tests.e2e.support.waiting import until

# Statements of `gatehouse log reset` and `tenant move`, which the owner runs.
OF_THE_OWNER = {"reset.sql", "put_move.sql", "advance_move.sql", "forget_move.sql"}

_WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM) gatehouse\.(\w+)")


def statements():
    """The server's statements, as (name of the file, text)."""
    for folder, _, names in os.walk("storage"):
        for name in names:
            if name.endswith(".sql"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    yield name, file.read()


class RolesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def setUp(self):
        self.deployment = RolesDeployment(self, self.postgres)
        self.addCleanup(self.drop)

    def drop(self):
        # Roles belong to the cluster, which the next test uses as well.
        self.postgres.sql("DROP DATABASE gatehouse WITH (FORCE)")
        self.postgres.sql("DROP ROLE gatehouse_owner, gatehouse_server, gatehouse_backup")

    def as_server(self, text):
        return pg.run_sql(self.deployment.server_dsn, text)

    def test_the_server_serves(self):
        self.deployment.env.update(GATEHOUSE_WEBHOOK_ALLOW_HTTP="true", GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8")
        password = self.deployment.seed_admin()
        receiver = Receiver(self)
        server = self.deployment.serve()
        with Client(server.grpc_address) as client:
            login = client.login("root", password)
            client.CreateEndpoint(endpoint={"url": receiver.url, "event_types": ["user.*"]})
            user = client.CreateUser(user={"username": "ada"}).user
            receiver.wait_for(lambda request: request.json["type"] == "user.created", "the webhook")
            client.RefreshSession(refresh_token=login.tokens.refresh_token)
            client.DeleteUser(user_id=user.id)
            until(lambda: client.ListEvents(filter='type = "user.deleted"').events, "the log goes on")
        tables = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'gatehouse.event'::regclass"
        until(lambda: int(self.deployment.sql(tables)) > 2, "the days ahead have their partitions")
        self.assertEqual(server.stop(), 0)
        self.assertNotRegex(server.stderr, "permission denied|must be owner")

    def test_it_may_run_every_statement_it_has(self):
        missing = set()
        found = 0
        for name, text in statements():
            for verb, table in _WRITES.findall(text):
                found += 1
                privilege = verb.split()[0]
                if self.may(table, privilege) != "t" and name not in OF_THE_OWNER:
                    missing.add(f"{name}: {privilege} on {table}")
        self.assertGreater(found, 50)
        self.assertEqual(missing, set())

    def may(self, table, privilege):
        return self.deployment.sql(f"SELECT has_table_privilege('gatehouse_server', 'gatehouse.{table}', '{privilege}')")

    def test_it_follows_retention_and_keeps_the_last_week(self):
        self.deployment.seed_admin()
        made = "SELECT count(gatehouse.create_daily_partition('event', 'event_id', current_date - day)) FROM generate_series(0, 20) AS day"
        pg.run_sql(self.deployment.owner_dsn, made)
        server = self.deployment.serve()
        until(lambda: self.deployment.sql("SELECT gatehouse.seal_event_day(current_date)") == "f", "all that can be is sealed")
        server.stop()
        days = "SELECT count(*) FROM gatehouse.partition_days('event') WHERE day {} (now() AT TIME ZONE 'UTC')::date - 7"
        self.assertGreater(int(self.deployment.sql(days.format("<"))), 10)
        kept = self.deployment.sql(days.format(">="))
        _, problem = self.deployment.run("retention", "run", "--retention-events-days=7")
        self.assertEqual(problem, "")
        # Whoever has the server's rights gets no further, whatever day they name.
        self.as_server("SELECT gatehouse.cut_event_log('2999-01-01')")
        self.as_server("SELECT gatehouse.trim_event_log('00000000-0000-7000-8000-000000000001', 1000)")
        self.as_server("SELECT gatehouse.drop_event_day()")
        self.assertEqual(self.deployment.sql(days.format("<")), "0")
        self.assertEqual(self.deployment.sql(days.format(">=")), kept)
        self.assertNotEqual(self.deployment.sql("SELECT count(*) FROM gatehouse.event"), "0")

    def test_it_may_do_no_more(self):
        self.deployment.seed_admin()
        for text in (
            "UPDATE gatehouse.event SET details = '{}'",
            "DELETE FROM gatehouse.event",
            "DELETE FROM gatehouse.event_order",
            "UPDATE gatehouse.event_target SET target_id = 'x'",
            "TRUNCATE gatehouse.event",
            "DELETE FROM gatehouse.event_default",
            "UPDATE gatehouse.event_cut SET kept_from = 'ffffffff-ffff-7fff-bfff-ffffffffffff'",
            "DELETE FROM gatehouse.event_log_start",
            "UPDATE gatehouse.webhook_attempt SET status_code = 200",
            "DELETE FROM gatehouse.webhook_attempt",
            "UPDATE gatehouse.thread_message SET role = 1",
            "DELETE FROM gatehouse.api_key",
            "DELETE FROM gatehouse.tenant",
            "DELETE FROM gatehouse.sequencer",
            "UPDATE gatehouse.tenant_move SET step = 1",
            "SELECT gatehouse.fence_tenant(gen_random_uuid())",
            "DROP TABLE gatehouse.event_target",
            "ALTER TABLE gatehouse.user_account DISABLE TRIGGER ALL",
            "CREATE TABLE gatehouse.mine (a int)",
            "CREATE TABLE public.mine (a int)",
            "CREATE TEMP TABLE mine (a int)",
            "CREATE SCHEMA mine",
            "DELETE FROM gatehouse.schema_migration",
            "ALTER FUNCTION gatehouse.require(boolean, text) SECURITY DEFINER",
            "SET ROLE gatehouse_owner",
        ):
            with self.subTest(text), self.assertRaisesRegex(AssertionError, "permission denied|must be owner"):
                self.as_server(text)

    def test_it_makes_and_closes_days(self):
        day = "date '2020-01-01'"
        self.assertEqual(self.as_server(f"SELECT gatehouse.create_daily_partition('event', 'event_id', {day})"), "t")
        self.assertEqual(self.as_server("SELECT gatehouse.seal_event_day(current_date)"), "t")

    def test_the_schema_is_as_migrations_make_it(self):
        # And after they have gone back and forth, which makes functions anew.
        for _ in range(2):
            self.deployment.as_owner("migrate", "verify", f"--scratch-dsn={self.postgres.dsn()}")
            self.deployment.as_owner("migrate", "to", "0")
            self.deployment.migrate("up")
        self.test_it_makes_and_closes_days()

    def test_one_role_becomes_three_while_a_server_runs(self):
        self.drop()
        self.postgres.sql("CREATE ROLE gatehouse LOGIN")
        self.postgres.sql("CREATE DATABASE gatehouse OWNER gatehouse")
        self.deployment.env["GATEHOUSE_DATABASE_DSN"] = dsn_of(self.postgres, "gatehouse")
        self.deployment.run("migrate", "up")
        password = self.deployment.seed_admin()
        old = self.deployment.serve()
        with Client(old.grpc_address) as client:
            client.login("root", password)
            self.deployment.type_in("From one role to three")
            client.CreateUser(user={"username": "ada"})
        self.deployment.env["GATEHOUSE_DATABASE_DSN"] = self.deployment.server_dsn
        new = self.deployment.serve()
        self.assertEqual(old.stop(), 0)
        self.postgres.sql("DROP ROLE gatehouse")
        with Client(new.grpc_address) as client:
            client.login("root", password)
            client.CreateUser(user={"username": "bob"})
        self.assertEqual(new.stop(), 0)
        self.assertNotRegex(old.stderr + new.stderr, "permission denied|must be owner")

    def test_the_log_is_reset_by_the_owner(self):
        self.deployment.as_owner("log", "reset")

    def test_backups_are_made_by_a_role_that_reads_only(self):
        self.deployment.type_in("Backups")
        self.assertGreater(os.path.getsize(os.path.join(self.deployment.folder, "gatehouse.dump")), 0)
        with self.assertRaisesRegex(AssertionError, "permission denied"):
            pg.run_sql(dsn_of(self.postgres, "gatehouse_backup"), "DELETE FROM gatehouse.request")


if __name__ == "__main__":
    unittest.main()
