"""`gatehouse tenant move`: a tenant goes to another installation under load, by a command that is killed at every step."""

import collections
import json
import secrets
import subprocess
import threading
import unittest

import grpc

from tests.e2e.support import known_secrets
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client, struct
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.exit_codes import EXIT_FAILED, EXIT_NO_DATABASE, EXIT_SCHEMA_MISMATCH, EXIT_USAGE
from tests.e2e.support.gatehouse import BINARY
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.waiting import DEADLINE_S, until

AT_ACME = [("x-gatehouse-tenant", "acme")]
# Where the command is killed, one run after the other: once it has told of that.
STEPS = ("frozen", "drained", "fenced", "copy", "copied", "moved")
ACTIVE, FROZEN, MOVED = "1", "2", "3"


class Load:
    """Calls of a tenant from several threads, until it takes none any more; what was acknowledged is remembered."""

    def __init__(self, address, token, password):
        self.published = []
        self.problems = []
        self.refused = set()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(call, address, token, password), daemon=True)
            for call in (self._publish, self._publish, self._verify, self._log_in)
        ]
        for thread in self._threads:
            thread.start()

    def _publish(self, client, _token, _password):
        event_id = client.PublishEvent(type="acme.happened", data=struct(n=1)).event_id
        with self._lock:
            self.published.append(event_id)

    def _verify(self, client, token, _password):
        if not client.VerifySession(token=token).active:
            raise AssertionError("a token that was given out is not active")

    def _log_in(self, client, _token, password):
        client.CreateSession(login="ada", password=password, metadata=AT_ACME)

    def _run(self, call, address, token, password):
        with Client(address, token) as client:
            while True:
                try:
                    call(client, token, password)
                except CallError as error:
                    with self._lock:
                        if error.code == grpc.StatusCode.UNAVAILABLE and error.reason in ("TENANT_FROZEN", "TENANT_MOVED"):
                            self.refused.add(error.reason)
                        else:
                            self.problems.append(str(error))
                    return
                except AssertionError as error:
                    with self._lock:
                        self.problems.append(str(error))
                    return

    def has_published(self, count):
        with self._lock:
            return len(self.published) >= count or bool(self.problems)

    def join(self):
        for thread in self._threads:
            thread.join(DEADLINE_S)
        if any(thread.is_alive() for thread in self._threads):
            raise AssertionError("calls of a frozen tenant go on")


class MoveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.here = pg.Postgres(cls)
        cls.there = pg.Postgres(cls)

    def setUp(self):
        self.source = Deployment(self, self.here)
        self.target = Deployment(self, self.there)
        # Each has a master key of its own; tokens are signed alike.
        self.target.env["GATEHOUSE_AUTH_TOKEN_PEPPER_FILE"] = self.source.env["GATEHOUSE_AUTH_TOKEN_PEPPER_FILE"]
        for side in (self.source, self.target):
            side.env.update(GATEHOUSE_WEBHOOK_ALLOW_HTTP="true", GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8")
        self.target_file = self.config_file(self.target)
        self.operator = self.source.seed_admin()
        self.password = known_secrets.remember(secrets.token_urlsafe(24))

    def config_file(self, side, dsn=None, **auth):
        files = {
            "master_key_file": side.env["GATEHOUSE_AUTH_MASTER_KEY_FILE"],
            "token_pepper_file": side.env["GATEHOUSE_AUTH_TOKEN_PEPPER_FILE"],
            **auth,
        }
        lines = ["[database]", f"dsn = {json.dumps(dsn or side.dsn)}", "[auth]"]
        lines += [f"{key} = {json.dumps(value)}" for key, value in files.items()]
        return side.write(f"config-{secrets.token_hex(4)}.toml", "\n".join(lines) + "\n")

    def make_acme(self, server):
        with Client(server.grpc_address) as client:
            client.login("root", self.operator)
            made = client.CreateTenant(tenant={"name": "acme"}, admin={"username": "root", "password": self.password})
            return made.tenant.id

    def move_arguments(self, *arguments, to=None):
        return ["tenant", "move", "acme", f"--to={to or self.target_file}", "--destination=cell-2", *arguments]

    def move(self, *arguments, code=0, to=None):
        out, problem = self.source.run(*self.move_arguments(*arguments, to=to), code=code)
        return [json.loads(line) for line in out.splitlines()], problem

    def move_until(self, step):
        """Runs the command and kills it when it tells of a step; whether it did before its end."""
        command = subprocess.Popen(
            [BINARY, *self.move_arguments()], env=self.source.env, stdout=subprocess.PIPE, text=True, cwd="/"
        )
        try:
            for line in command.stdout:
                if json.loads(line)["step"] == step:
                    return True
            return False
        finally:
            command.kill()
            command.wait(DEADLINE_S)
            command.stdout.close()

    def state(self, side):
        return side.sql("SELECT state FROM gatehouse.tenant WHERE name = 'acme'")

    def step(self, side):
        return side.sql("SELECT step FROM gatehouse.tenant_move")

    def leaves(self, side, tenant_id):
        return side.sql(
            "SELECT encode(leaf_hash, 'hex') FROM gatehouse.event_order "
            f"WHERE tenant_id = '{tenant_id}' ORDER BY index"
        ).splitlines()

    def check_log(self, side, tenant_id):
        """From the first index to the last none is missing, and each entry has the hash of its event."""
        counts = side.sql(
            "SELECT count(*) = max(o.index), min(o.index), max(o.index) = (SELECT size FROM gatehouse.event_log_head "
            f"WHERE tenant_id = '{tenant_id}'), bool_and(e.leaf_hash = o.leaf_hash) FROM gatehouse.event_order o "
            "LEFT JOIN gatehouse.event e USING (tenant_id, event_id) "
            f"WHERE o.tenant_id = '{tenant_id}'"
        )
        self.assertEqual(counts, "t|1|t|t")

    def test_under_load_and_killed_at_every_step(self):
        receiver = Receiver(self)
        here = self.source.serve()
        there = self.target.serve()
        tenant_id = self.make_acme(here)
        client = Client(here.grpc_address)
        self.addCleanup(client.close)
        login = client.login("root", self.password, metadata=AT_ACME)
        # Somebody else logs in over and over: sessions of a user are limited.
        client.CreateUser(user={"username": "ada"}, password=self.password)
        endpoint = client.CreateEndpoint(endpoint={"url": receiver.url, "event_types": ["acme.*"]})
        load = Load(here.grpc_address, client.token, self.password)
        until(lambda: load.has_published(50), lambda: f"events are published: {load.problems}")

        for step in STEPS:
            told = self.move_until(step)
            # It is killed while it goes on. Never do both take calls.
            self.assertFalse(self.state(self.source) == ACTIVE and self.state(self.target) == ACTIVE)
            if not told:
                break
        lines, _ = self.move()
        self.assertEqual(lines[-1]["step"], "done")
        self.assertEqual((self.state(self.source), self.state(self.target)), (MOVED, ACTIVE))
        load.join()
        self.assertEqual(load.problems, [])
        self.assertGreater(len(load.refused), 0)

        # The source says where it went.
        until(lambda: self.destination(client) == "cell-2", "servers of the source know where it went")

        # What was given out there is taken here.
        moved = Client(there.grpc_address, client.token)
        self.addCleanup(moved.close)
        until(lambda: self.takes_calls(moved), "the target knows the tenant")
        self.assertTrue(moved.VerifySession(token=login.tokens.access_token).active)
        refreshed = moved.RefreshSession(refresh_token=login.tokens.refresh_token)
        moved.token = refreshed.tokens.access_token
        moved.CreateSession(login="root", password=self.password, metadata=AT_ACME)
        # Its secret was sealed under the master key of the source.
        published = load.published + [moved.PublishEvent(type="acme.happened", data=struct(n=2)).event_id for _ in range(20)]
        until(
            lambda: set(published) <= {request.id for request in receiver.requests},
            lambda: f"webhooks: {len(receiver.requests)} of {len(published)}",
        )
        self.assertEqual(collections.Counter(request.id for request in receiver.requests), collections.Counter(published))
        for request in receiver.requests:
            request.verify(endpoint.secret)

        # The log goes on where it was.
        until(
            lambda: self.target.sql(f"SELECT count(*) FROM gatehouse.event WHERE tenant_id = '{tenant_id}'")
            == str(len(self.leaves(self.target, tenant_id))),
            "all events have their place",
        )
        self.check_log(self.target, tenant_id)
        before = self.leaves(self.source, tenant_id)
        self.assertGreater(len(before), len(load.published))
        self.assertEqual(self.leaves(self.target, tenant_id)[: len(before)], before)

        # A second run changes nothing.
        self.assertEqual([line["step"] for line in self.move()[0]], ["done"])

    def takes_calls(self, client):
        try:
            client.ListUsers()
            return True
        except CallError as error:
            # Servers read the news of it within a second.
            self.assertIn(error.reason, ("TENANT_FROZEN", "UNAUTHENTICATED"))
            return False

    def destination(self, client):
        with self.assertRaises(CallError) as raised:
            client.ListUsers()
        self.assertIn(raised.exception.reason, ("TENANT_FROZEN", "TENANT_MOVED"))
        return raised.exception.metadata.get("destination")

    def test_what_is_left_goes_later(self):
        server = self.source.serve()
        tenant_id = self.make_acme(server)
        self.assertEqual([line["step"] for line in self.status()], ["none"])
        self.move()
        self.assertEqual([(line["step"], line["side"]) for line in self.status()], [("done", "source"), ("done", "target")])
        users = f"SELECT count(*) FROM gatehouse.user_account WHERE tenant_id = '{tenant_id}'"
        self.assertEqual((self.source.sql(users), self.target.sql(users)), ("1", "1"))
        _, problem = self.source.run("tenant", "move", "acme", "--delete", code=EXIT_FAILED)
        self.assertIn("stay", problem)
        self.source.run("tenant", "move", "acme", "--delete", "--stay-days=0")
        self.assertEqual((self.source.sql(users), self.target.sql(users)), ("0", "1"))
        self.assertEqual((self.state(self.source), self.state(self.target)), (MOVED, ACTIVE))
        # And again, as if the first one had been stopped at its end.
        self.source.run("tenant", "move", "acme", "--delete", "--stay-days=0")
        # Nobody makes a second one of it.
        _, problem = self.source.run("tenant", "activate", "acme", code=EXIT_FAILED)
        self.assertEqual(self.state(self.source), MOVED)

    def status(self):
        out, _ = self.source.run("tenant", "move", "acme", f"--to={self.target_file}", "--status")
        return [json.loads(line) for line in out.splitlines()]

    def test_it_can_be_given_up_until_it_has_moved(self):
        server = self.source.serve()
        self.make_acme(server)
        self.assertTrue(self.move_until("drained"))
        lines, _ = self.move("--cancel")
        self.assertEqual(lines[-1]["step"], "cancelled")
        self.assertEqual((self.state(self.source), self.state(self.target)), (ACTIVE, ""))
        with Client(server.grpc_address) as client:
            until(lambda: self.logs_in(client), "the source takes calls again")
        self.move()
        self.assertEqual((self.state(self.source), self.state(self.target)), (MOVED, ACTIVE))
        _, problem = self.move("--cancel", code=EXIT_FAILED)
        self.assertIn("has moved", problem)

    def logs_in(self, client):
        try:
            client.CreateSession(login="root", password=self.password, metadata=AT_ACME)
            return True
        except CallError as error:
            self.assertEqual(error.reason, "TENANT_FROZEN")
            return False

    def test_what_is_refused(self):
        self.make_acme(self.source.serve())
        self.assertIn("no tenant nobody", self.fails("nobody", EXIT_FAILED))
        self.assertIn("default tenant", self.fails("default", EXIT_FAILED))
        self.assertIn("--to", self.source.run("tenant", "move", "acme", code=EXIT_USAGE)[1])
        self.assertIn("--to", self.fails("acme", EXIT_USAGE, to="/nonexistent.toml"))
        self.assertIn("one database", self.fails("acme", EXIT_SCHEMA_MISMATCH, to=self.config_file(self.source)))
        empty = self.there.create_database()
        self.assertIn("the target", self.fails("acme", EXIT_SCHEMA_MISMATCH, to=self.config_file(self.target, dsn=empty)))
        down = self.config_file(self.target, dsn="host=/nonexistent")
        self.assertIn("the target", self.fails("acme", EXIT_NO_DATABASE, to=down))
        pepper = self.target.secret_file("another_pepper")
        self.assertIn("token_pepper_file", self.fails("acme", EXIT_FAILED, to=self.config_file(self.target, token_pepper_file=pepper)))
        self.assertIn("auth.issuer", self.fails("acme", EXIT_FAILED, to=self.config_file(self.target, issuer="another")))
        # Nothing was begun.
        self.assertEqual((self.step(self.source), self.state(self.source)), ("", ACTIVE))
        lines, _ = self.move("--dry-run")
        self.assertEqual((lines[-1]["step"], self.step(self.source)), ("check", ""))

    def fails(self, tenant, code, to=None):
        return self.source.run("tenant", "move", tenant, f"--to={to or self.target_file}", code=code)[1]

    def test_a_name_that_the_target_has_already(self):
        self.make_acme(self.source.serve())
        password = self.target.seed_admin()
        with Client(self.target.serve().grpc_address) as client:
            client.login("root", password)
            client.CreateTenant(tenant={"name": "acme"})
        self.assertIn("has the name acme", self.fails("acme", EXIT_FAILED))
        self.assertEqual(self.state(self.source), ACTIVE)


if __name__ == "__main__":
    unittest.main()
