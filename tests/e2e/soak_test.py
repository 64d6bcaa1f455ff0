"""Two servers on one database under mixed load while servers, connections and Postgres are killed: at the end nothing that was
acknowledged is missing. GATEHOUSE_SOAK_SECONDS says for how long, two minutes by default."""

import itertools
import os
import random
import signal
import threading
import time
import unittest
import uuid

import grpc

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client, struct
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.processes import resident_bytes
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.waiting import until

SECONDS = float(os.environ.get("GATEHOUSE_SOAK_SECONDS", "120"))
# Between two faults: servers need a few seconds to be of use again.
FAULT_EVERY_S = 8
CALLERS = 6
# What a server may hold under this load; a leak of every call passes it within minutes.
MAX_RESIDENT_BYTES = 256 << 20
# What a call may meet while servers and databases die; anything else is a failure.
EXPECTED_REASONS = {"DATABASE_UNAVAILABLE", "SHUTTING_DOWN", "OUTCOME_UNKNOWN", "STORAGE_OVERLOADED", "DEADLINE", "CONFLICT"}
# From the client's own library, when there is no server to give a reason.
EXPECTED_CODES = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}


def is_expected(error):
    return error.reason in EXPECTED_REASONS or (error.reason is None and error.code in EXPECTED_CODES)


class Caller(threading.Thread):
    """Does everything a user of the API does, again and again; knows what was acknowledged."""

    def __init__(self, test, number):
        super().__init__(daemon=True)
        self._test = test
        self._random = random.Random(number)
        self._number = number
        self.events, self.published, self.revoked, self.failures = set(), {}, [], []

    def run(self):
        try:
            for turn in itertools.count():
                if self._test.over.is_set():
                    return
                self._turn(turn)
        except Exception as error:  # pylint: disable=broad-except
            self.failures.append(error)
            raise

    def call(self, method, **fields):
        """The answer of the first server that gives one; with one request_id for all attempts it takes effect once."""
        if method != "CreateSession":
            fields["request_id"] = str(uuid.uuid4())
        while True:
            address = self._random.choice(self._test.addresses)
            try:
                with Client(address, self._test.key) as client:
                    return getattr(client, method)(timeout=20, **fields)
            except CallError as error:
                if not is_expected(error):
                    raise
                self._test.pause.wait(0.1)

    def _turn(self, turn):
        name = f"soak-{self._number}-{turn}"
        user = self.call("CreateUser", user={"username": name}, password="correct horse battery").user
        self.events.add(self.call("RecordEvent", event={"type": "soak.recorded", "details": struct(name=name)}).event.id)
        for _ in range(10):
            answer = self.call("PublishEvent", type="soak.published", data=struct(name=name))
            self.published[answer.event_id] = name
        session = self.call("CreateSession", login=name, password="correct horse battery")
        self.call("RevokeSession", session_id=session.session.id)
        self.revoked.append(session.tokens.access_token)
        self.call("DeleteUser", user_id=user.id)


class SoakTest(unittest.TestCase):
    def setUp(self):
        self.over, self.pause = threading.Event(), threading.Event()
        self.postgres = pg.Postgres(self, {})
        self.deployment = Deployment(self, self.postgres)
        self.deployment.env.update(
            GATEHOUSE_WEBHOOK_ALLOW_HTTP="true",
            GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8",
            GATEHOUSE_AUTH_PUBLIC_REQUESTS_PER_SECOND="0",
        )
        password = self.deployment.seed_admin()
        self.servers = [self.deployment.serve() for _ in range(2)]
        self.victims = itertools.cycle(range(len(self.servers)))
        self.addresses = [server.grpc_address for server in self.servers]
        with Client(self.addresses[0]) as admin:
            admin.login("root", password)
            permissions = ["users.read", "users.write", "events.read", "events.write", "events.publish", "endpoints.write"]
            permissions += ["sessions.write", "sessions.verify"]
            self.key = admin.CreateApiKey(api_key={"display_name": "soak", "permissions": permissions}).key

    def restart_server(self):
        index = next(self.victims)
        self.servers[index].kill9()
        self.servers[index] = self.deployment.serve(f"--grpc-address={self.addresses[index]}")

    def cut_connections(self):
        self.deployment.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL")

    def crash_postgres(self):
        self.postgres.stop(signal.SIGQUIT)
        self.postgres.start()

    def test_nothing_acknowledged_is_lost_whatever_dies(self):
        receiver = Receiver(self)
        with Client(self.addresses[0], self.key) as client:
            endpoint = client.CreateEndpoint(endpoint={"url": receiver.url, "event_types": ["soak.published"], "max_in_flight": 8})
        callers = [Caller(self, number) for number in range(CALLERS)]
        for caller in callers:
            caller.start()
        faults = itertools.cycle([self.restart_server, self.cut_connections, self.crash_postgres])
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            self.pause.wait(FAULT_EVERY_S)
            next(faults)()
            for server in self.servers:
                self.assertIsNone(server.exit_code, server.stderr)
                self.assertLess(resident_bytes(server.pid), MAX_RESIDENT_BYTES)
        self.over.set()
        for caller in callers:
            caller.join(120)
            self.assertFalse(caller.is_alive(), "a call never gets an answer")
            self.assertEqual(caller.failures, [])
            self.assertTrue(caller.published, "a caller got nothing done")
        self.check_webhooks(receiver, endpoint.secret, {k: v for caller in callers for k, v in caller.published.items()})
        self.check_log({event for caller in callers for event in caller.events})
        self.check_revocations([token for caller in callers for token in caller.revoked])
        for server in self.servers:
            self.assertEqual(server.stop(), 0, server.stderr)

    def check_webhooks(self, receiver, secret, published):
        def missing():
            return set(published) - {request.id for request in receiver.requests}

        until(lambda: not missing(), lambda: f"{len(missing())} of {len(published)} webhooks are missing", timeout=180)
        for request in receiver.requests:
            request.verify(secret)
        delivered = {request.id: request.json["data"]["name"] for request in receiver.requests}
        self.assertEqual(delivered, published)

    def check_log(self, recorded):
        indexes, ids, token = [], [], ""
        with Client(self.addresses[0], self.key) as client:
            while True:
                page = client.ListEvents(page_size=1000, page_token=token)
                ids += [event.id for event in page.events]
                indexes += [event.index for event in page.events]
                token = page.next_page_token
                if not token:
                    break
        self.assertEqual(sorted(indexes), list(range(1, len(indexes) + 1)), "indexes are dense")
        self.assertEqual(len(ids), len(set(ids)))
        self.assertLessEqual(recorded, set(ids))

    def check_revocations(self, tokens):
        for address in self.addresses:
            with Client(address, self.key) as client:
                # The last ones are not expired yet.
                for token in tokens[-50:]:
                    self.assertFalse(client.VerifySession(token=token).active)
