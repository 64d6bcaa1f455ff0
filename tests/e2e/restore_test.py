"""Backups and what is restored of them, by the commands of docs/operating/database.md."""

import os
import unittest

from tests.e2e.support import accounts, guide, scratch
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.http_client import get
from tests.e2e.support.roles import PAGE, RolesDeployment
from tests.e2e.support.waiting import until


def reason_of(call, *arguments, **fields):
    """Why the call is refused; None if it is not."""
    try:
        call(*arguments, **fields)
        return None
    except CallError as error:
        return error.reason


class RestoreTest(unittest.TestCase):
    def client(self, server, token=None):
        client = Client(server.grpc_address, token)
        self.addCleanup(client.close)
        return client

    def log_of(self, client, count):
        """The whole log, (index, id, type) each, once it has `count` events or more of users."""

        def read():
            events = sorted(client.ListEvents(page_size=1000).events, key=lambda event: event.index)
            users = [event for event in events if event.type == "user.created"]
            return events if len(users) >= count else None

        events = until(read, f"{count} users in the log")
        self.assertEqual([event.index for event in events], list(range(1, len(events) + 1)))
        return [(event.index, event.id, event.type) for event in events]

    def test_a_dump_goes_on_in_another_cluster(self):
        deployment = RolesDeployment(self, pg.Postgres(self))
        # A cluster that has seen more transactions than the other will have for long.
        deployment.postgres.sql("DO $$ BEGIN FOR i IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$")
        password = deployment.seed_admin()
        server = deployment.serve()
        client = self.client(server)
        login = client.login("root", password)
        user = client.CreateUser(user={"username": "ada"}).user
        before = self.log_of(client, 2)
        deployment.type_in("Backups")
        self.assertEqual(server.stop(), 0)

        deployment.use(pg.Postgres(self))
        deployment.type_in("Restore")
        deployment.run("config", "check")
        server = deployment.serve()
        client = self.client(server, login.tokens.access_token)
        self.assertEqual(client.GetUser(user_id=user.id).user.username, "ada")
        client.RefreshSession(refresh_token=login.tokens.refresh_token)
        client.login("root", password)
        client.CreateUser(user={"username": "bob"})
        after = self.log_of(client, 3)
        self.assertEqual(after[: len(before)], before)
        self.assertIn("\ngatehouse_sequencer_halted 0\n", get(server.http_address, "/metrics")[1])
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("permission denied", server.stderr)

    def test_a_point_in_time_and_what_is_lost_with_it(self):
        backups = pg.make_folder(scratch.make_folder(self) + "/backups")
        wal = pg.make_folder(backups + "/wal")
        archive = next(line for line in guide.commands(PAGE, "A point in time") if line.startswith("archive_command"))
        command = archive.partition(" = ")[2].strip("'").replace("/var/backups/gatehouse/wal", wal)
        first = pg.Postgres(self, settings={**pg.FAST, "archive_mode": "on", "archive_command": command})
        deployment = RolesDeployment(self, first, backups=backups)
        password = deployment.seed_admin()
        lines = guide.commands(PAGE, "A point in time")
        copy = [line for line in lines if line.startswith("pg_basebackup")]
        recover = [line for line in lines if "$DATA" in line]
        self.assertEqual((len(copy), len(recover)), (1, 5))
        variables = {**deployment.env, "PGHOST": first.socket_dir, "BACKUPS": backups}
        guide.type_in(copy, deployment.folder, variables, prefix=accounts.prefix_of("postgres"))

        server = deployment.serve()
        client = self.client(server)
        logins = {}
        for name in ("stays", "refreshed", "ended"):
            logins[name] = client.login("root", password)
        client.CreateUser(user={"username": "ada"})
        before = self.log_of(client, 2)
        until_when = first.sql("SELECT clock_timestamp()")

        newer = client.RefreshSession(refresh_token=logins["refreshed"].tokens.refresh_token).tokens.refresh_token
        client.RevokeSession()
        client.token = logins["stays"].tokens.access_token
        late = client.login("root", password)
        client.CreateUser(user={"username": "bob"})
        lost = self.log_of(client, 3)
        self.assertEqual(server.stop(), 0)
        first.sql("SELECT pg_switch_wal()")
        until(lambda: first.sql("SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) FROM pg_stat_archiver") == "t", "archived")
        first.stop()

        variables.update(DATA=backups + "/data", UNTIL=until_when)
        guide.type_in(recover, deployment.folder, variables, prefix=accounts.prefix_of("postgres"))
        deployment.use(pg.Postgres(self, data=variables["DATA"]))
        until(lambda: deployment.sql("SELECT pg_is_in_recovery()") == "f", "it is promoted")
        server = deployment.serve()
        client = self.client(server, logins["stays"].tokens.access_token)
        self.assertEqual(self.log_of(client, 2)[: len(before)], before)
        # What the page promises of those who know more than the database.
        head = int(deployment.sql("SELECT max(index) FROM gatehouse.event_order"))
        self.assertLess(head, lost[-1][0])
        with self.assertRaises(Exception) as beyond:
            next(client.TailEvents(from_index=lost[-1][0] + 1))
        self.assertIn("OUT_OF_RANGE", str(beyond.exception))
        self.assertEqual(reason_of(client.RefreshSession, refresh_token=newer), "REFRESH_TOKEN_INVALID")
        self.assertEqual(reason_of(client.RefreshSession, refresh_token=late.tokens.refresh_token), "REFRESH_TOKEN_INVALID")
        client.token = late.tokens.access_token
        self.assertEqual(reason_of(client.ListSessions), "UNAUTHENTICATED")
        # Logged out, and back.
        client.token = logins["ended"].tokens.access_token
        client.ListSessions()
        client.CreateUser(user={"username": "eve"})
        self.log_of(client, 3)
        self.assertEqual(server.stop(), 0)

        # Until the pepper is another.
        deployment.env["GATEHOUSE_AUTH_TOKEN_PEPPER_FILE"] = deployment.secret_file("another_pepper")
        client = self.client(deployment.serve())
        for login in logins.values():
            refused = reason_of(client.RefreshSession, refresh_token=login.tokens.refresh_token)
            self.assertEqual(refused, "REFRESH_TOKEN_INVALID")
        self.assertTrue(os.path.exists(os.path.join(backups, "base", "PG_VERSION")))


if __name__ == "__main__":
    unittest.main()
