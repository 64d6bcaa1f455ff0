"""A client program against the server in three ways, see ../clients/README.md."""

import os
import subprocess
import sys

from tests.conformance.support.servers import ConformanceServer, Proxy, find_tool
from tests.e2e.support.waiting import DEADLINE_S

DESCRIPTORS = os.path.abspath("tests/conformance/proto/interop.binpb")
PROTO = os.path.abspath("tests/conformance/proto/interop/interop.proto")


class ClientCases:
    """To be mixed into a TestCase, which says in `command` how the client is run."""

    @classmethod
    def setUpClass(cls):
        cls.plain = ConformanceServer(cls)
        cls.tls = ConformanceServer(cls, tls=True)

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {"INTEROP_DESCRIPTORS": DESCRIPTORS, "INTEROP_PROTO": PROTO}

    def _run_against(self, server):
        words = [*self.command(), server.address, *([server.authority] if server.authority else [])]
        done = subprocess.run(
            words,
            env={**os.environ, **self.environment()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=4 * DEADLINE_S,
            check=False,
        )
        passed = [line for line in done.stdout.splitlines() if line.startswith("ok ")]
        print(f"{len(passed)} cases passed", file=sys.stderr)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertGreaterEqual(len(passed), 12, done.stdout)

    def test_plain(self):
        self._run_against(self.plain)

    def test_tls(self):
        self._run_against(self.tls)

    def test_through_a_proxy(self):
        find_tool(self, "nghttpx")
        self._run_against(Proxy(type(self), self.plain))
