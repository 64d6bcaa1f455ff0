"""`gatehouse serve` as released, and those who have accounts there."""

import json
import os

from gatehouse.v1.audit_pb2 import RecordEventRequest

from tests.conformance.support.certificates import make_certificates
from tests.e2e.support import known_secrets, postgres
from tests.e2e.support.client import Client, struct
from tests.e2e.support.deployment import Deployment

# Pages of events of three MB, which is as much as a page may have: ListEvents.
EVENTS = 1_100
EVENT_BYTES = 3_000


class Victim:
    """On a private Postgres; a fresh server for each attack."""

    def __init__(self, case, tls):
        made = Deployment(case, postgres.Postgres(case))
        self.password = made.seed_admin()
        self._deployment = made
        self._env = {"GATEHOUSE_AUTH_ACCESS_TOKEN_TTL_S": "86400"}
        self.key, self.reader_key = self._seed("verifier", "sessions.verify"), self._seed("reader", "events.read")
        self._tls = False
        self.start({})
        self._fill()
        self.server.discard()
        self._tls = tls
        if tls:
            files = make_certificates(made.folder)
            self._env["GATEHOUSE_GRPC_TLS_CERTIFICATE_FILE"] = files.certificate
            self._env["GATEHOUSE_GRPC_TLS_KEY_FILE"] = files.key

    def _seed(self, name, permission):
        """The key of a caller who may do that alone."""
        key_file = os.path.join(self._deployment.folder, name)
        seed = {"api_keys": [{"display_name": name, "permissions": [permission], "key_file": key_file}]}
        self._deployment.run("seed", self._deployment.write(f"{name}.json", json.dumps(seed)))
        with open(key_file, encoding="utf-8") as file:
            return known_secrets.remember(file.read().strip())

    def _fill(self):
        with Client(self.server.grpc_address) as admin, Client(self.server.grpc_address) as viewer:
            self.token = admin.login("root", self.password).tokens.access_token
            secret = known_secrets.remember("correct horse battery")
            self.viewer_id = admin.CreateUser(user={"username": "viewer", "role": "viewer"}, password=secret).user.id
            self.viewer_token = viewer.login("viewer", secret).tokens.access_token
            for _ in range(EVENTS):
                admin.RecordEvent(event={"type": "attack.filled", "details": struct(text="x" * EVENT_BYTES)})
            # Where the last one has its place in the log, those before it have theirs, and pages find them.
            admin.RecordEvent(event={"type": "attack.filled"}, wait=RecordEventRequest.WAIT_SEQUENCED)

    def start(self, settings):
        self.server = self._deployment.serve(env={**self._env, **settings})

    def honest_plan(self):
        """For honest.py."""
        return {"address": self.server.grpc_address, "tls": self._tls, "token": self.token, "key": self.key}

    def attack_plan(self):
        """For attacks.py: whose accounts there are to attack with, or to look after."""
        return {
            "address": self.server.grpc_address,
            "http": self.server.http_address,
            "password": self.password,
            "admin_token": self.token,
            "viewer_id": self.viewer_id,
            "viewer_token": self.viewer_token,
            "reader_key": self.reader_key,
        }

    def log_lines(self):
        return self.server.stderr.count("\n")

    def resident_mib(self, of="VmRSS"):
        with open(f"/proc/{self.server.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(of + ":")) / 1024

    def forget_peak(self):
        with open(f"/proc/{self.server.pid}/clear_refs", "w", encoding="utf-8") as file:
            file.write("5")
