"""`gatehouse serve` on a database of the operator's: what it refuses to start with, and how it lives and stops."""

import json
import os
import signal
import socket
import threading
import unittest

import grpc

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client, refuses_calls
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.exit_codes import EXIT_FAILED, EXIT_NO_DATABASE, EXIT_SCHEMA_MISMATCH, EXIT_USAGE
from tests.e2e.support.gatehouse import ENDLESS_CALLS
from tests.e2e.support.grpcurl import Grpcurl, GrpcurlError
from tests.e2e.support.http_client import get
from tests.e2e.support.processes import free_address, is_listening
from tests.e2e.support.waiting import until


class ServeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def deploy(self, **options):
        return Deployment(self, self.postgres, **options)

    def client(self, server, password=None):
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        if password:
            client.login("root", password)
        return client

    def refuses(self, deployment, codes, *arguments, env=None):
        """A start that must fail; what it says."""
        server = deployment.serve(*arguments, env=env, wait=False)
        self.assertIn(server.wait_exit(), codes, server.stderr)
        self.assertNotIn("READY", server.stdout)
        return server.stderr

    def why(self, message):
        """The last line of a start that failed, of which every line is JSON."""
        last = [json.loads(line) for line in message.splitlines()][-1]
        self.assertEqual((last["level"], last["msg"]), ("error", "cannot serve"))
        return last

    def test_serves_and_stops(self):
        deployment = self.deploy()
        password = deployment.seed_admin()
        server = deployment.serve()
        self.assertEqual(get(server.http_address, "/readyz")[0], 200)
        self.client(server, password).CreateUser(user={"username": "ada"})
        self.assertEqual(server.stop(), 0, server.stderr)
        self.assertFalse(is_listening(server.grpc_address))

    def test_reflection_can_be_switched_off(self):
        server = Deployment(self, self.postgres).serve("--grpc-reflection=false")
        with self.assertRaises(GrpcurlError) as raised:
            Grpcurl(server.grpc_address).list()
        self.assertIn("reflection", raised.exception.text)
        self.assertEqual(get(server.http_address, "/readyz")[0], 200)

    def test_never_seeds(self):
        deployment = self.deploy()
        server = deployment.serve()
        server.stop()
        self.assertEqual(deployment.sql("SELECT count(*) FROM gatehouse.user_account"), "0")

    def test_refuses_missing_and_default_secrets(self):
        deployment = self.deploy()
        name, other = "GATEHOUSE_AUTH_MASTER_KEY_FILE", "GATEHOUSE_AUTH_TOKEN_PEPPER_FILE"
        bad = {
            "not set": "",
            "No such file": os.path.join(deployment.folder, "missing"),
            "64 hex digits": deployment.write("short", "abc123\n"),
            "an example": deployment.write("zeros", "0" * 64 + "\n"),
            "same value": deployment.env[other],
            "chmod 600": deployment.write("open", "1f" * 32),
        }
        os.chmod(bad["chmod 600"], 0o644)
        for expected, path in bad.items():
            with self.subTest(expected):
                message = self.refuses(deployment, {EXIT_FAILED, EXIT_USAGE}, env={name: path})
                self.assertIn(expected, message)
                self.assertIn("master_key", message)

    def test_refuses_secrets_that_are_not_the_databases(self):
        deployment = self.deploy()
        deployment.serve().stop()
        other = deployment.secret_file("another_key")
        self.why(self.refuses(deployment, {EXIT_FAILED, EXIT_USAGE}, env={"GATEHOUSE_AUTH_MASTER_KEY_FILE": other}))

    def test_wrong_dsn(self):
        deployment = self.deploy(migrate=False)
        for dsn in (
            "host=/nonexistent dbname=gatehouse",
            "host=127.0.0.1 port=1 dbname=gatehouse",
            f"host={self.postgres.socket_dir} user=postgres dbname=no_such_database",
        ):
            with self.subTest(dsn):
                message = self.refuses(
                    deployment,
                    {EXIT_NO_DATABASE},
                    "--database-connect-timeout-ms=2000",
                    env={"GATEHOUSE_DATABASE_DSN": dsn},
                )
                self.assertEqual(self.why(message)["reason"], "DATABASE_UNAVAILABLE")
                self.assertIn("cannot connect to Postgres: ", self.why(message)["error"])
        self.refuses(deployment, {EXIT_USAGE, EXIT_NO_DATABASE}, env={"GATEHOUSE_DATABASE_DSN": "colour=blue"})
        self.refuses(deployment, {EXIT_USAGE, EXIT_NO_DATABASE}, env={"GATEHOUSE_DATABASE_DSN": ""})

    def test_the_password_in_a_dsn_is_never_shown(self):
        deployment = self.deploy(migrate=False)
        message = self.refuses(
            deployment,
            {EXIT_NO_DATABASE},
            "--database-connect-timeout-ms=2000",
            env={"GATEHOUSE_DATABASE_DSN": "host=127.0.0.1 port=1 user=x password=hunter2-and-more"},
        )
        self.assertNotIn("hunter2", message)

    def test_schema_that_is_not_the_servers(self):
        deployment = self.deploy(migrate=False)
        why = self.why(self.refuses(deployment, {EXIT_SCHEMA_MISMATCH}))
        self.assertEqual(why["reason"], "SCHEMA_MISMATCH")
        self.assertIn("migrate up", why["error"])
        deployment.run("migrate", "up")
        deployment.run("migrate", "down")
        self.assertIn("migrate up", self.refuses(deployment, {EXIT_SCHEMA_MISMATCH}))
        deployment.run("migrate", "up")
        deployment.run("migrate", "verify")
        deployment.serve().stop()

    def test_the_schema_changes_below_a_running_server(self):
        deployment = self.deploy()
        password = deployment.seed_admin()
        server = deployment.serve()
        client = self.client(server, password)
        client.ListEndpoints()
        # The version before endpoints came.
        deployment.run("migrate", "to", "4")
        with self.assertRaises(CallError) as raised:
            client.ListEndpoints()
        self.assertEqual(raised.exception.code, grpc.StatusCode.FAILED_PRECONDITION, raised.exception)
        self.assertEqual(raised.exception.reason, "SCHEMA_MISMATCH")
        self.assertIn("gatehouse migrate up", raised.exception.message)
        deployment.run("migrate", "up")
        client.ListEndpoints()
        server.stop()

    def test_database_down_and_back(self):
        postgres = pg.Postgres(self)
        deployment = Deployment(self, postgres)
        password = deployment.seed_admin()
        server = deployment.serve()
        client = self.client(server, password)
        user = client.CreateUser(user={"username": "ada"}).user

        postgres.stop(signal.SIGINT)
        with self.assertRaises(CallError) as raised:
            client.GetUser(user_id=user.id)
        self.assertEqual(raised.exception.code, grpc.StatusCode.UNAVAILABLE, raised.exception)
        self.assertEqual(raised.exception.reason, "DATABASE_UNAVAILABLE")
        self.assertEqual(get(server.http_address, "/healthz")[0], 200, "a restart would not help, so it is healthy")
        until(lambda: get(server.http_address, "/readyz")[0] == 503, "it is known not to serve")
        self.assertEqual(health_of(server), "NOT_SERVING")
        self.assertIsNone(server.exit_code)

        postgres.start()

        def answers():
            try:
                return client.GetUser(user_id=user.id).user
            except CallError as error:
                self.assertEqual(error.code, grpc.StatusCode.UNAVAILABLE)
                return None

        self.assertEqual(until(answers, "it recovers").username, "ada")
        until(lambda: get(server.http_address, "/readyz")[0] == 200, "it is known to serve")
        self.assertEqual(health_of(server), "SERVING")
        client.CreateUser(user={"username": "bob"})
        # The workers recovered as well: what happened since is in the log.
        until(lambda: client.ListEvents(filter='type = "user.created"').events[0].targets[0].label == "bob", "bob's event")
        self.assertEqual(server.stop(), 0, server.stderr)

    def test_is_not_ready_while_the_database_hangs(self):
        postgres = pg.Postgres(self)
        server = Deployment(self, postgres).serve()
        self.addCleanup(postgres.thaw)
        postgres.freeze()
        until(lambda: get(server.http_address, "/readyz")[0] == 503, "it is known not to serve")
        self.assertEqual(get(server.http_address, "/healthz")[0], 200)
        postgres.thaw()
        until(lambda: get(server.http_address, "/readyz")[0] == 200, "it is known to serve")

    def test_sigterm_finishes_calls_and_ends_streams(self):
        deployment = self.deploy()
        password = deployment.seed_admin()
        server = deployment.serve("--grpc-drain-grace-ms=600000", *ENDLESS_CALLS)
        client = self.client(server, password)
        user = client.CreateUser(user={"username": "ada"}).user
        stream = client.TailEvents(from_index=1)
        next(stream)
        ended = []
        reader = threading.Thread(target=lambda: ended.append(end_of(stream)), daemon=True)
        reader.start()

        # A call that takes as long as we want: its statement waits for a lock that we hold.
        with pg.TableLock(deployment.dsn, "gatehouse.user_account") as lock:
            call = client.start("GetUser", user_id=user.id)
            until(lock.has_waiter, "the call waits for the lock")
            server.send(signal.SIGTERM)
            until(lambda: refuses_calls(server.grpc_address), "new calls are refused")
            self.assertIsNone(server.exit_code, "it left with a call in flight")
        self.assertEqual(call.result(60).user.username, "ada")
        self.assertEqual(server.wait_exit(), 0, server.stderr)
        reader.join(60)
        self.assertEqual(ended, [grpc.StatusCode.UNAVAILABLE])

    def test_sigterm_is_bounded_by_the_grace(self):
        deployment = self.deploy()
        password = deployment.seed_admin()
        server = deployment.serve("--grpc-drain-grace-ms=200", *ENDLESS_CALLS)
        client = self.client(server, password)
        user = client.CreateUser(user={"username": "ada"}).user
        with pg.TableLock(deployment.dsn, "gatehouse.user_account") as lock:
            call = client.start("GetUser", user_id=user.id)
            until(lock.has_waiter, "the call waits for the lock")
            server.send(signal.SIGTERM)
            self.assertEqual(server.wait_exit(), 0, server.stderr)
            self.assertIsNotNone(call.exception(60))

    def test_every_start_is_another_instance(self):
        # Else two servers that believe to be one would take each other's webhook endpoints.
        deployment = self.deploy()
        deployment.env.update(GATEHOUSE_WEBHOOK_ALLOW_HTTP="true", GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8")
        password = deployment.seed_admin()
        flags = (f"--grpc-address={free_address()}", "--grpc-drain-grace-ms=100")
        owners = []
        # Takes the delivery and never answers: whoever delivers holds the endpoint meanwhile.
        with socket.create_server(("127.0.0.1", 0)) as receiver:
            url = f"http://127.0.0.1:{receiver.getsockname()[1]}/"
            for _ in range(2):
                server = deployment.serve(*flags)
                if not owners:
                    self.client(server, password).CreateEndpoint(endpoint={"url": url, "event_types": ["*"]})
                    self.client(server, password)
                owner = until(lambda: deployment.sql("SELECT owner FROM gatehouse.endpoint_delivery"), "somebody delivers")
                owners.append(owner)
                self.assertEqual(server.stop(), 0, server.stderr)
                # What stops gives back what it held.
                self.assertEqual(deployment.sql("SELECT owner FROM gatehouse.endpoint_delivery"), "")
        self.assertNotEqual(*owners)

    def test_two_servers_share_a_database(self):
        deployment = self.deploy()
        password = deployment.seed_admin()
        # The second believes for a day what it knows, unless it hears of something else.
        first, second = deployment.serve(), deployment.serve("--auth-max-revocation-lag-ms=86400000")
        caller, elsewhere = self.client(first, password), self.client(second)
        me = caller.ListSessions().sessions[0].user_id
        elsewhere.token = caller.token
        elsewhere.GetUser(user_id=me)
        caller.RevokeSession()

        def refused():
            try:
                elsewhere.GetUser(user_id=me)
                return False
            except CallError as error:
                return error.code == grpc.StatusCode.UNAUTHENTICATED

        until(refused, "the logout reached the other server")


def health_of(server):
    return Grpcurl(server.grpc_address).call("grpc.health.v1.Health/Check")["status"]


def end_of(stream):
    try:
        for _ in stream:
            pass
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK
