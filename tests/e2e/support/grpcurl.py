"""grpcurl as a person uses it: by reflection, without our .proto files."""

import json
import os
import subprocess

from tests.e2e.support import known_secrets
from tests.e2e.support.waiting import DEADLINE_S

PROGRAM = os.path.expanduser("~/.cache/gatehouse-tools/bin/grpcurl")


class GrpcurlError(AssertionError):
    """The call failed; `code` as grpcurl names it ("Unauthenticated"), `text` all it printed."""

    def __init__(self, method, text):
        super().__init__(f"{method}: {text}")
        self.text = text
        code = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.strip().startswith("Code:")]
        self.code = code[0] if code else ""


class Grpcurl:
    """Calls one server, as one caller."""

    def __init__(self, address, token=None):
        self._address = address
        self._token = token

    def with_token(self, token):
        return Grpcurl(self._address, token)

    def call(self, method, request=None):
        """The response as a dict. `method` without the package: "UserService/GetUser"."""
        known_secrets.remember_fields(request or {})
        name = method if "." in method else "gatehouse.v1." + method
        output = self.run("-d", json.dumps(request or {}), self._address, name, what=method)
        response = json.loads(output or "{}")
        known_secrets.remember_fields(response)
        return response

    def list(self, *symbol):
        return self.run(self._address, "list", *symbol, what="list").split()

    def run(self, *words, what):
        header = ["-H", f"authorization: Bearer {self._token}"] if self._token else []
        done = subprocess.run(
            [PROGRAM, "-plaintext", "-max-time", str(DEADLINE_S), *header, *words],
            capture_output=True,
            text=True,
            timeout=2 * DEADLINE_S,
            check=False,
        )
        if done.returncode != 0:
            raise GrpcurlError(what, done.stdout + done.stderr)
        return done.stdout
