"""What commands say to a person on a terminal, where programs get JSON."""

import json
import os
import subprocess
import unittest

from tests.e2e.support import known_secrets, terminal
from tests.e2e.support import postgres as pg
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.exit_codes import EXIT_FAILED, EXIT_USAGE
from tests.e2e.support.gatehouse import BINARY, run
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.waiting import DEADLINE_S, until


class TerminalTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def setUp(self):
        self.deployment = Deployment(self, self.postgres)

    def on_terminal(self, *arguments, code=0):
        seen, status = terminal.run(*arguments, env=self.deployment.env)
        self.assertEqual(status, code, seen)
        self.assertNotIn('{"type"', seen)
        return seen

    def write_users(self, count, *more):
        users = [{"user": {"username": f"user{number}"}} for number in range(count)]
        return self.deployment.write("users.jsonl", "".join(json.dumps(user) + "\n" for user in [*users, *more]))

    def test_an_import_shows_how_far_it_is_and_what_was_not_taken(self):
        # Long enough for a bar, which is drawn ten times a second.
        file = self.write_users(3000, {"user": {"username": ""}})
        checked = self.on_terminal("import", file, "--validate-only", code=EXIT_FAILED)
        self.assertIn("Would be created: 3000, done before: 0, not taken: 1", checked)
        seen = self.on_terminal("import", file, code=EXIT_FAILED)
        self.assertRegex(seen, r"\r\[#* *\] \d+ rows, \d+/s, [01] not taken")
        self.assertRegex(seen, r"line 3001: .*\(INVALID_FIELD\)")
        self.assertIn("Created: 3000, done before: 0, not taken: 1", seen)
        self.assertIn("some lines were not taken", seen)
        # What was not taken has had its turn as well.
        again = self.on_terminal("import", file)
        self.assertIn("Created: 0, done before: 3001, not taken: 0", again)

    def pipe_in(self, text, *arguments):
        done = subprocess.run(
            [BINARY, "import", "-", *arguments],
            env=self.deployment.env,
            input=text,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def test_an_import_by_a_pipe_goes_on_by_its_key(self):
        ada = json.dumps({"user": {"username": "ada"}}) + "\n"
        code, lines, problem = self.pipe_in(ada, "--key=first")
        self.assertEqual((code, lines[-1]["created"]), (0, 1), problem)
        code, lines, problem = self.pipe_in(ada, "--key=first")
        self.assertEqual((code, lines[-1]["created"], lines[-1]["skipped"]), (0, 0, 1), problem)
        # Without a key nothing is remembered: the name is taken.
        code, lines, _ = self.pipe_in(ada)
        self.assertEqual((code, lines[0]["failure"]["reason"]), (EXIT_FAILED, "USERNAME_TAKEN"))

    def test_tenants_and_their_states(self):
        made = self.on_terminal("tenant", "create", "acme", "--host", "a.example", "--host", "b.example", "--admin", "root")
        self.assertRegex(made, r"made: acme  \S+  active  a\.example b\.example\r\nFor its administrator, once and within seven days: \S+")
        self.assertNotIn("administrator", self.on_terminal("tenant", "create", "plain", "--display-name", "Plain"))
        self.assertRegex(self.on_terminal("tenant", "list"), r"(?s)acme  \S+  active.*default  \S+  active.*plain")
        self.assertRegex(self.on_terminal("tenant", "freeze", "acme"), r"^acme  \S+  frozen")
        self.assertRegex(self.on_terminal("tenant", "activate", "acme"), r"^acme  \S+  active")

    def test_keys(self):
        self.assertRegex(self.on_terminal("keys", "rotate", "--dry-run"), r"^would be made: .*ES256  ")
        self.assertRegex(self.on_terminal("keys", "rotate"), r"^made: \S+  ES256  signing  from ")
        self.assertRegex(self.on_terminal("keys", "rotate"), r"^made: \S+  ES256  published")
        self.assertIn("published already; nothing was changed", self.on_terminal("keys", "rotate"))
        self.assertRegex(self.on_terminal("keys", "list"), r"signing  from \S+  until \S+")
        self.assertRegex(self.on_terminal("keys", "rotate", "--emergency", "--dry-run"), r"would be deleted: \S+ \S+\r\n$")
        self.assertRegex(self.on_terminal("keys", "rotate", "--emergency"), r"\r\ndeleted: \S+ \S+\r\n$")

    def test_retention_of_days_and_what_is_still_waited_for(self):
        tables = "gatehouse.create_daily_partition('{}', '{}', (now() AT TIME ZONE 'UTC')::date - day)"
        for table, column in (("event", "event_id"), ("webhook_attempt", "attempt_id")):
            self.deployment.sql(f"SELECT count({tables.format(table, column)}) FROM generate_series(0, 20) AS day")
        server = self.deployment.serve()
        until(lambda: self.deployment.sql("SELECT gatehouse.seal_event_day(current_date)") == "f", "all that can be is sealed")
        self.assertEqual(server.stop(), 0)
        would = self.on_terminal("retention", "run", "--dry-run", "--retention-events-days=7")
        self.assertRegex(would, r"events: would delete about \d+ events, drop \d+ tables of days \(\S*event_\d+ to \S*event_\d+\)")
        self.assertIn("messages: kept for ever", would)
        done = self.on_terminal("retention", "run", "--retention-events-days=7", "--retention-attempts-days=10")
        self.assertRegex(done, r"events: deleted \d+ events, dropped \d+ tables of days")
        self.assertRegex(done, r"attempts: deleted .*dropped \d+ tables of days \(\S*webhook_attempt_\d+ to ")
        again = self.on_terminal("retention", "run", "--policy=events", "--retention-events-days=7")
        self.assertNotIn("tables of days", again)
        self.assertRegex(done, r"the oldest day is \d{4}-\d\d-\d\d")

    def test_an_administrator_who_is_no_such_thing(self):
        password = self.deployment.write("password", known_secrets.remember("a long enough password of hers") + "\n")
        created = self.on_terminal("user", "create-admin", "root", "--reset-token")
        self.assertRegex(created, r"It has no password yet: .* within a day\.\r\n\S+\r\n$")
        there = self.on_terminal("user", "create-admin", "root", "--reset-token", "--if-missing")
        self.assertIn("There is an administrator root already.", there)
        self.deployment.run("seed", self.deployment.write("seed.json", json.dumps({"users": [{"username": "ada"}]})))
        refused = self.on_terminal("user", "create-admin", "ada", f"--password-file={password}", "--if-missing", code=EXIT_FAILED)
        self.assertIn("is no administrator but viewer", refused)

    def test_stolen_passwords(self):
        stolen = self.deployment.write("stolen", "football2024\nqwertyuiop\n")
        seen = self.on_terminal("breached", "build", stolen, os.path.join(self.deployment.folder, "breached"))
        # What showed how far it is does not stay.
        self.assertRegex(seen, r"\r\x1b\[K\S+: 2 passwords, \d+ bytes\r\n$")

    def test_reseal_says_how_many(self):
        self.deployment.seed_admin()
        receiver = Receiver(self)
        self.deployment.env.update(GATEHOUSE_WEBHOOK_ALLOW_HTTP="true", GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8")
        seed = {"endpoints": [{"url": receiver.url, "event_types": ["*"], "secret_file": self.deployment.folder + "/secret"}]}
        self.deployment.run("seed", self.deployment.write("seed.json", json.dumps(seed)))
        old = self.deployment.env["GATEHOUSE_AUTH_MASTER_KEY_FILE"]
        self.deployment.env["GATEHOUSE_AUTH_MASTER_KEY_FILE"] = self.deployment.secret_file("new_master_key")
        self.deployment.env["GATEHOUSE_AUTH_ACCEPTED_MASTER_KEY_FILE"] = old
        seen = self.on_terminal("keys", "reseal")
        self.assertRegex(seen, r"endpoints: looked at \d+, sealed anew [1-9]")

    def test_no_such_tenant(self):
        users = self.write_users(1)
        for command in (["import", users], ["export", "ada"], ["keys", "list"], ["keys", "rotate"]):
            with self.subTest(command):
                seen = self.on_terminal(*command, "--tenant", "nobody", code=EXIT_USAGE)
                self.assertIn("--tenant: is no tenant", seen)
                without = run(*command, env={**self.deployment.env, "GATEHOUSE_DATABASE_DSN": ""})
                self.assertEqual(without.returncode, EXIT_USAGE)
                self.assertIn("database.dsn", without.stderr)
                pepper = {**self.deployment.env, "GATEHOUSE_AUTH_TOKEN_PEPPER_FILE": "/nonexistent"}
                self.assertIn("auth.token_pepper_file", run(*command, env=pepper).stderr)


if __name__ == "__main__":
    unittest.main()
