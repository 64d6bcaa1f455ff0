"""What every verifier has to do, whatever it is written in: run against the program of each (README.md of docs/clients)."""

import os
import subprocess

from tests.e2e.support import known_secrets
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import Client
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.processes import dying_with_us
from tests.e2e.support.waiting import until

PASSWORD = known_secrets.remember("correct horse battery")


class Probe:
    """A program that says of tokens what its verifier says."""

    def __init__(self, test, command, address, key, env, **settings):
        variables = {f"GATEHOUSE_{name.upper()}": str(value) for name, value in settings.items()}
        self._process = subprocess.Popen(
            [*dying_with_us("TERM"), *command, address],
            env={**os.environ, **env, "GATEHOUSE_API_KEY": key, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        test.addCleanup(self._end)
        line = self._process.stdout.readline().strip()
        test.assertEqual(line, "ready")

    def _end(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def says(self, token):
        self._process.stdin.write(token + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def comes_to_say(self, wanted, token):
        """Waits for it: how soon is measured by tools/bench. The token itself lives for five minutes."""
        until(lambda: self.says(token) == wanted, lambda: f"{wanted} of a token, not {self.says(token)}")


class VerifierCases:
    """To be mixed into a TestCase, which says in `command` how its program is run."""

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def setUp(self):
        self.deployment = Deployment(self, pg.Postgres(self))
        self.password = self.deployment.seed_admin()
        self.server = self.deployment.serve()
        self.admin = self.client_of(self.server)
        self.admin.login("root", self.password)
        self.key = self.admin.CreateApiKey(api_key={"display_name": "gateway", "permissions": ["sessions.verify"]}).key

    def client_of(self, server):
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        return client

    def probe(self, server=None, **settings):
        return Probe(self, self.command(), (server or self.server).grpc_address, self.key, self.environment(), **settings)

    def user(self, name, role="viewer"):
        return self.admin.CreateUser(user={"username": name, "role": role}, password=PASSWORD).user.id

    def log_in(self, name):
        """A client that is logged in, and its session."""
        client = self.client_of(self.server)
        return client, client.login(name, PASSWORD).session.id

    def add_newer_sessions(self, session):
        """As many of the same user as are ended by name: what else the user has ends by its epoch alone."""
        columns = (
            "user_id, generation, rotate_time, label, thread_id, context, ip_address, user_agent, amr, auth_time, create_time,"
            " update_time, last_used_time, idle_expire_time, expire_time, version"
        )
        self.deployment.sql(
            f"INSERT INTO gatehouse.session (tenant_id, session_id, {columns})"
            f" SELECT tenant_id, overlay(session_id::text PLACING 'ffffffff' || lpad(to_hex(i), 4, '0') FROM 25)::uuid, {columns}"
            f" FROM gatehouse.session, generate_series(1, 1000) AS i WHERE session_id = '{session}'"
        )

    def test_says_what_is_live(self):
        self.user("ada")
        ada, session = self.log_in("ada")
        other, other_session = self.log_in("ada")
        probe = self.probe()
        self.assertEqual(probe.says(ada.token), f"ok {session}")
        # Seen before.
        self.assertEqual(probe.says(ada.token), f"ok {session}")
        header, claims, signature = ada.token.split(".")
        flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
        for forged in (
            "",
            "nonsense",
            f"{header}.{claims}.",
            f"{header}.{claims}.{flipped}",
            f"{header}.{claims}.{signature}A",
            f"{header}.{other.token.split('.')[1]}.{signature}",
            f"eyJhbGciOiJub25lIn0.{claims}.",
            self.key,
            "x" * 10_000,
        ):
            self.assertEqual(probe.says(forged), "refused", forged[:40])
        ada.RevokeSession()
        probe.comes_to_say("refused", ada.token)
        self.assertEqual(probe.says(other.token), f"ok {other_session}")
        # What had ended before a verifier began is told to it as well.
        self.assertEqual(self.probe().says(ada.token), "refused")

    def test_all_sessions_of_a_user_end(self):
        user, _ = self.user("ada"), self.user("bob")
        (ada, _), (again, kept), (bob, of_bob) = self.log_in("ada"), self.log_in("ada"), self.log_in("bob")
        probe = self.probe()
        self.assertEqual(probe.says(again.token), f"ok {kept}")
        self.admin.RevokeUserSessions(user_id=user, except_session_id=kept)
        probe.comes_to_say("refused", ada.token)
        self.assertEqual(probe.says(again.token), f"ok {kept}")
        self.add_newer_sessions(kept)
        self.admin.UpdateUser(user_id=user, user={"role": "analyst"}, update_mask={"paths": ["role"]})
        probe.comes_to_say("refused", again.token)
        # A login after that has the next epoch.
        anew, session = self.log_in("ada")
        self.assertEqual(probe.says(anew.token), f"ok {session}")
        self.assertEqual(probe.says(bob.token), f"ok {of_bob}")

    def test_each_tenant_has_keys_of_its_own(self):
        self.admin.CreateTenant(tenant={"name": "acme"}, admin={"username": "wile", "password": PASSWORD})
        wile = self.client_of(self.server)
        login = wile.CreateSession(login="wile", password=PASSWORD, metadata=[("x-gatehouse-tenant", "acme")])
        wile.token, session = login.tokens.access_token, login.session.id
        self.key = wile.CreateApiKey(api_key={"display_name": "gateway", "permissions": ["sessions.verify"]}).key
        probe = self.probe()
        self.assertEqual(probe.says(wile.token), f"ok {session}")
        # Good as it is, elsewhere.
        self.assertEqual(probe.says(self.admin.token), "refused")
        wile.RevokeSession()
        probe.comes_to_say("refused", wile.token)

    def test_a_rotation_of_keys_breaks_nothing(self):
        self.user("ada")
        before, session = self.log_in("ada")
        probe = self.probe()
        self.assertEqual(probe.says(before.token), f"ok {session}")
        self.admin.RotateSigningKey(emergency=True)
        probe.comes_to_say("refused", before.token)
        after, session = self.log_in("ada")
        probe.comes_to_say(f"ok {session}", after.token)

    def test_goes_on_after_a_break(self):
        for name in ("ada", "bob"):
            self.user(name)
        (ada, of_ada), (bob, of_bob) = self.log_in("ada"), self.log_in("bob")
        closed = self.probe(max_staleness_ms=3000)
        open_ = self.probe(max_staleness_ms=3000, when_stale="accept")
        for probe in (closed, open_):
            self.assertEqual(probe.says(ada.token), f"ok {of_ada}")
            self.assertEqual(probe.says(bob.token), f"ok {of_bob}")
        address = self.server.grpc_address
        elsewhere = self.deployment.serve()
        self.server.kill9()
        # Nobody tells them any more: one of them says so, the other goes by what it knows.
        closed.comes_to_say("unknown", ada.token)
        self.assertEqual(open_.says(ada.token), f"ok {of_ada}")
        self.assertEqual(closed.says("nonsense"), "refused")
        client = self.client_of(elsewhere)
        client.token = ada.token
        client.RevokeSession()
        self.assertEqual(open_.says(ada.token), f"ok {of_ada}")
        # The same address again: both learn what they missed.
        self.deployment.serve(f"--grpc-address={address}")
        for probe in (closed, open_):
            probe.comes_to_say("refused", ada.token)
            probe.comes_to_say(f"ok {of_bob}", bob.token)
