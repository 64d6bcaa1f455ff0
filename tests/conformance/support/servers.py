"""The server under test, and nghttpx before it."""

import os
import shutil
import subprocess

from tests.conformance.support.certificates import make_certificates
from tests.e2e.support import processes, scratch
from tests.e2e.support.waiting import DEADLINE_S, until

SERVER = os.path.abspath("tests/conformance/conformance_server")

# Where tools/conformance and tools/setup put what Debian does not have.
TOOLS = os.path.expanduser("~/.cache/gatehouse-tools")


class ConformanceServer:
    """One for the tests of a class; ends with it. `authority` is the file that its clients trust, None without TLS."""

    def __init__(self, test_class, tls=False):
        words = [SERVER, "1"]
        self.authority = None
        if tls:
            made = make_certificates(scratch.make_folder(test_class))
            words += [made.certificate, made.key]
            self.authority = made.authority
        # It ends when its standard input does, as it will when this process dies.
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        test_class.addClassCleanup(self._stop)
        line = self._process.stdout.readline().split()
        if line[:1] != ["PORT"]:
            raise AssertionError(f"the server did not start: {line}")
        self.port = int(line[1])
        self.address = f"127.0.0.1:{self.port}"

    def _stop(self):
        self._process.stdin.close()
        self._process.stdout.close()
        if self._process.wait(DEADLINE_S) != 0:
            raise AssertionError(f"the server ended with {self._process.returncode}")


class Proxy:
    """nghttpx before a server without TLS: calls of all its clients on a few connections."""

    def __init__(self, test_class, server):
        self.address = processes.free_address()
        self.authority = None
        host, _, port = self.address.rpartition(":")
        words = [
            "nghttpx",
            "--conf=/dev/null",
            f"--frontend={host},{port};no-tls",
            f"--backend=127.0.0.1,{server.port};;proto=h2",
            "--workers=1",
            "--errorlog-file=/dev/stderr",
            "--log-level=ERROR",
        ]
        self._process = subprocess.Popen([*processes.dying_with_us("TERM"), *words], stdin=subprocess.DEVNULL)
        test_class.addClassCleanup(self._stop)
        until(lambda: processes.is_listening(self.address), "nghttpx listening")

    def _stop(self):
        self._process.terminate()
        self._process.wait(DEADLINE_S)


def find_tool(test, *names):
    """The path of a program that may not be there; without it the test is skipped."""
    for name in names:
        path = name if os.path.isabs(name) else shutil.which(name, path=f"{TOOLS}/bin:/usr/bin:/bin:/usr/sbin:/sbin")
        if path and os.path.exists(path):
            return path
    return test.skipTest(f"{' and '.join(names)} not found: 'tools/setup test conformance' installs it")
