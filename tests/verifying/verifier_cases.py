"""What every verifier has to do, whatever it is written in: run against the program of each (README.md of docs/clients)."""

import base64
import json
import os
import queue
import subprocess
import threading
import time
from concurrent import futures

import grpc
from gatehouse.v1 import session_pb2, session_pb2_grpc, session_revocation_pb2, tenant_pb2

from tests.e2e.support import known_secrets
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import Client
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.processes import dying_with_us
from tests.e2e.support.waiting import until

PASSWORD = known_secrets.remember("correct horse battery")


class Probe:
    """A program that says of tokens what its verifier says."""

    def __init__(self, test, command, address, key, env, wait=True, **settings):
        variables = {f"GATEHOUSE_{name.upper()}": str(value) for name, value in settings.items()}
        self._process = subprocess.Popen(
            [*dying_with_us("TERM"), *command, address],
            env={**os.environ, **env, "GATEHOUSE_API_KEY": key, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        test.addCleanup(self._end, wait)
        if wait:
            test.assertEqual(self._process.stdout.readline().strip(), "ready")

    def _end(self, by_itself):
        if not by_itself:
            self._process.terminate()
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


class LateKeys(session_pb2_grpc.SessionServiceServicer):
    """A server that tells of a removed key before its own key set knows of it, as one of several may for a moment."""

    def __init__(self, test, jwks_json):
        self.jwks_json = jwks_json
        self._told = queue.Queue()
        self._server = grpc.server(futures.ThreadPoolExecutor(4))
        session_pb2_grpc.add_SessionServiceServicer_to_server(self, self._server)
        self.grpc_address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        test.addCleanup(lambda: self._server.stop(None).wait())

    def tell(self, *revocations):
        for revocation in revocations:
            revocation.drop_after.FromSeconds(int(time.time()) + 300)
        self._told.put(revocations)

    @staticmethod
    def _message(revocations=(), **fields):
        message = session_revocation_pb2.WatchRevocationsResponse(revocations=revocations, **fields)
        for moment in (message.as_of, message.server_time):
            moment.GetCurrentTime()
        return message

    def WatchRevocations(self, request, context):
        yield self._message(snapshot=True, tenant_id="acme", tenant_state=tenant_pb2.TENANT_STATE_ACTIVE)
        while context.is_active():
            try:
                revocations = self._told.get(timeout=0.5)
            except queue.Empty:
                revocations = ()
            yield self._message(revocations)

    def GetJwks(self, request, context):
        return session_pb2.GetJwksResponse(jwks_json=self.jwks_json)


class LameServer:
    """Says all the time that nothing was revoked, and has keys for as many calls as it is told: others fail, or do not end."""

    # Of RFC 7515, A.3.
    JWKS = (
        '{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","kid":"k","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",'
        '"y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}'
    )

    def __init__(self, test, keys_for, hangs=False):
        self._keys_for, self._hangs = keys_for, hangs
        self.keys_asked = self.heartbeats = 0
        # When each began.
        self.streams = []
        self._ending = threading.Event()
        methods = {
            "WatchRevocations": grpc.unary_stream_rpc_method_handler(
                self._watch, None, session_revocation_pb2.WatchRevocationsResponse.SerializeToString
            ),
            "GetJwks": grpc.unary_unary_rpc_method_handler(self._keys, None, session_pb2.GetJwksResponse.SerializeToString),
        }
        server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("gatehouse.v1.SessionService", methods),))
        self.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        server.start()
        test.addCleanup(lambda: server.stop(None).wait())
        test.addCleanup(self._ending.set)

    def _watch(self, _, context):
        self.streams.append(time.monotonic())
        message = session_revocation_pb2.WatchRevocationsResponse(index=1, snapshot=True, tenant_id="t")
        message.server_time.GetCurrentTime()
        yield message
        while context.is_active() and not self._ending.wait(0.2):
            message = session_revocation_pb2.WatchRevocationsResponse(index=1)
            message.server_time.GetCurrentTime()
            message.as_of.CopyFrom(message.server_time)
            self.heartbeats += 1
            yield message

    def _keys(self, _, context):
        self.keys_asked += 1
        if self.keys_asked > self._keys_for:
            if self._hangs:
                self._ending.wait()
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many calls")
        return session_pb2.GetJwksResponse(jwks_json=self.JWKS)


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
        _, wile, session = self.customer()
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

    def test_a_removed_key_is_dropped_at_once_whatever_a_key_set_says(self):
        self.user("ada")
        before, session = self.log_in("ada")
        header = before.token.split(".")[0]
        key_id = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
        late = LateKeys(self, self.admin.GetJwks().jwks_json)
        probe = self.probe(late)
        self.assertEqual(probe.says(before.token), f"ok {session}")
        self.admin.RotateSigningKey(emergency=True)
        after, session = self.log_in("ada")
        removed = session_revocation_pb2.Revocation
        late.tell(removed(signing_keys=True), removed(signing_key_id=key_id))
        probe.comes_to_say("refused", before.token)
        self.assertEqual(probe.says(after.token), "refused")
        late.jwks_json = self.admin.GetJwks().jwks_json
        probe.comes_to_say(f"ok {session}", after.token)
        self.assertEqual(probe.says(before.token), "refused")

    def customer(self):
        """The id of a tenant, and a user of it who is logged in; from here on probes have a key of that tenant."""
        tenant = self.admin.CreateTenant(tenant={"name": "acme"}, admin={"username": "wile", "password": PASSWORD}).tenant.id
        wile = self.client_of(self.server)
        login = wile.CreateSession(login="wile", password=PASSWORD, metadata=[("x-gatehouse-tenant", "acme")])
        wile.token = login.tokens.access_token
        self.key = wile.CreateApiKey(api_key={"display_name": "gateway", "permissions": ["sessions.verify"]}).key
        return tenant, wile, login.session.id

    def set_state(self, tenant, state, client=None, **fields):
        (client or self.admin).UpdateTenant(
            tenant_id=tenant,
            tenant={"state": f"TENANT_STATE_{state}", **fields},
            update_mask={"paths": ["state", *fields]},
        )

    def test_tokens_of_a_frozen_tenant_are_refused_until_it_is_active_again(self):
        tenant, wile, session = self.customer()
        probe = self.probe()
        self.assertEqual(probe.says(wile.token), f"ok {session}")
        self.set_state(tenant, "FROZEN")
        probe.comes_to_say("refused TENANT_FROZEN", wile.token)
        # One that begins now knows it too, and gets its keys later.
        late = self.probe()
        self.assertEqual(late.says(wile.token), "refused TENANT_FROZEN")
        self.set_state(tenant, "MOVED", moved_to="eu2.example.com")
        for each in (probe, late):
            each.comes_to_say("refused TENANT_MOVED", wile.token)
        self.set_state(tenant, "ACTIVE")
        for each in (probe, late):
            each.comes_to_say(f"ok {session}", wile.token)
        # What was revoked before the freeze is revoked after it.
        wile.RevokeSession()
        probe.comes_to_say("refused", wile.token)
        # Another tenant's verifier is told nothing of all that.
        self.key = self.admin.CreateApiKey(api_key={"display_name": "own", "permissions": ["sessions.verify"]}).key
        own = self.probe()
        self.set_state(tenant, "FROZEN")
        session = self.admin.VerifySession(token=self.admin.token).session_id
        self.assertEqual(own.says(self.admin.token), f"ok {session}")

    def test_a_freeze_during_a_break_is_learnt_after_it(self):
        tenant, wile, session = self.customer()
        probe = self.probe(when_stale="accept")
        self.assertEqual(probe.says(wile.token), f"ok {session}")
        address = self.server.grpc_address
        elsewhere = self.deployment.serve()
        self.server.kill9()
        operator = self.client_of(elsewhere)
        operator.token = self.admin.token
        self.set_state(tenant, "FROZEN", operator)
        self.assertEqual(probe.says(wile.token), f"ok {session}")
        self.deployment.serve(f"--grpc-address={address}")
        probe.comes_to_say("refused TENANT_FROZEN", wile.token)
        # And the end of it.
        self.set_state(tenant, "ACTIVE", operator)
        probe.comes_to_say(f"ok {session}", wile.token)

    def test_who_gets_no_keys_comes_back_ever_later(self):
        server = LameServer(self, keys_for=0)
        Probe(self, self.command(), server.address, self.key, self.environment(), wait=False)
        until(lambda: len(server.streams) > 5, "a sixth stream")
        # At least half of 100, 200, 400, 800 and 1600 ms.
        self.assertGreater(server.streams[5] - server.streams[0], 1.5)

    def test_keys_that_do_not_come_again_break_nothing(self):
        self.goes_on_without_new_keys(hangs=False, heartbeats=10)

    def test_keys_that_are_waited_for_break_nothing(self):
        # For longer than a silence of the stream itself would be borne.
        self.goes_on_without_new_keys(hangs=True, heartbeats=40)

    def goes_on_without_new_keys(self, hangs, heartbeats):
        server = LameServer(self, keys_for=1, hangs=hangs)
        probe = Probe(self, self.command(), server.address, self.key, self.environment())
        until(lambda: probe.says("a.b.c") == "refused" and server.keys_asked > 1, "a second call for keys")
        heard = server.heartbeats
        until(lambda: server.heartbeats > heard + heartbeats or len(server.streams) > 1, "more of the stream")
        self.assertEqual(len(server.streams), 1)

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
