"""The real program, `gatehouse`, as a child process."""

import os
import re
import signal
import subprocess
import threading
import time

from tests.e2e.support import known_secrets
from tests.e2e.support.processes import dying_with_us
from tests.e2e.support.waiting import DEADLINE_S, until

BINARY = os.path.abspath(os.environ.get("GATEHOUSE_BINARY", "service/main/gatehouse"))

# For servers with a call that waits for what the test does: no limit of theirs ends it before that.
ENDLESS_CALLS = ("--grpc-max-unary-time-ms=600000", "--database-statement-timeout-ms=600000")

_READY = re.compile(r"^READY grpc=(\S+) http=(\S+)$")


def environment(home="/tmp", **settings):
    """The environment of the program: nothing of the tests' own but what sanitizers and coverage go by, and the given variables."""
    of_the_build = ("SAN_OPTIONS", "_SYMBOLIZER_PATH", "LLVM_PROFILE_FILE")
    kept = {name: value for name, value in os.environ.items() if name.endswith(of_the_build)}
    return {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": home, "LC_ALL": "C.UTF-8", **kept, **settings}


def _counted(env, prefix):
    """The environment as tools/coverage needs it: programs of another user, whom the prefix may change to, cannot share our file."""
    if not prefix or "LLVM_PROFILE_FILE" not in env:
        return env
    return {**env, "LLVM_PROFILE_FILE": env["LLVM_PROFILE_FILE"].replace("%m", "%m-%p")}


def run(*arguments, env=None, prefix=(), timeout=DEADLINE_S):
    """Runs a command to its end; what it wrote is checked for secrets."""
    done = subprocess.run(
        [*prefix, BINARY, *arguments],
        env=_counted(env or environment(), prefix),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    leaked = known_secrets.found_in(done.stdout + done.stderr)
    if leaked:
        raise AssertionError(f"gatehouse {arguments[0]} printed {len(leaked)} secret(s)")
    return done


class Gatehouse:
    """A server started with free ports. Stop it, or let `addCleanup(server.discard)` do it.

    grpc_address, http_address and ready_at (of the monotonic clock) are set once it is SERVING.
    """

    def __init__(self, *arguments, env=None, prefix=(), binary=BINARY):
        self.grpc_address = None
        self.http_address = None
        self.ready_at = None
        self._lines = {"out": [], "err": []}
        self._process = subprocess.Popen(
            # Behind a change of user in the prefix, which would clear it.
            [*prefix, *dying_with_us("TERM"), binary, *arguments],
            env=_counted(env or environment(), prefix),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # A signal to the tests' process group must not reach it, only what the test sends.
            start_new_session=True,
        )
        self._readers = [
            threading.Thread(target=self._read, args=(pipe, name), daemon=True)
            for pipe, name in ((self._process.stdout, "out"), (self._process.stderr, "err"))
        ]
        for reader in self._readers:
            reader.start()

    @classmethod
    def dev(cls, data_dir, *arguments, wait=True, **options):
        """`gatehouse dev` on free ports."""
        server = cls("dev", f"--data-dir={data_dir}", *_free_ports(arguments), *arguments, **options)
        return server.wait_ready() if wait else server

    @classmethod
    def serve(cls, env, *arguments, wait=True, **options):
        """`gatehouse serve` on free ports."""
        server = cls("serve", *_free_ports(arguments), *arguments, env=env, **options)
        return server.wait_ready() if wait else server

    @property
    def pid(self):
        return self._process.pid

    @property
    def exit_code(self):
        return self._process.poll()

    @property
    def stdout(self):
        return "".join(self._lines["out"])

    @property
    def stderr(self):
        return "".join(self._lines["err"])

    def wait_ready(self):
        """Waits until it is SERVING."""

        def ready():
            match = self._ready_line()
            if not match and self.exit_code is not None:
                raise AssertionError(f"gatehouse ended with {self.exit_code}:\n{self.stdout}\n{self.stderr}")
            return match

        match = until(ready, lambda: f"READY\n{self.stdout}\n{self.stderr}", timeout=2 * DEADLINE_S)
        self.grpc_address, self.http_address = match.groups()
        return self

    def send(self, number):
        self._process.send_signal(number)

    def wait_exit(self, timeout=DEADLINE_S):
        """Waits for its end, reads the rest of what it wrote, and returns its exit code."""
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"gatehouse did not end in {timeout} s\n{self.stderr}") from None
        for reader in self._readers:
            reader.join(DEADLINE_S)
        self.check_output()
        return code

    def stop(self, number=signal.SIGTERM):
        """Asks it to stop; its exit code."""
        self.send(number)
        return self.wait_exit()

    def kill9(self):
        self._process.kill()
        self.wait_exit()

    def discard(self):
        """Ends it however it is: for cleaning up."""
        if self.exit_code is None:
            self.send(signal.SIGTERM)
            try:
                self._process.wait(DEADLINE_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()

    def check_output(self):
        """No secret may ever be written, save the demo password on standard output."""
        leaked = known_secrets.found_in(self.stdout.replace(known_secrets.DEMO_PASSWORD, "")) + known_secrets.found_in(
            self.stderr
        )
        if leaked:
            raise AssertionError(f"gatehouse wrote {len(leaked)} secret(s): {[text[:8] + '...' for text in leaked]}")

    def _ready_line(self):
        for line in list(self._lines["out"]):
            match = _READY.match(line)
            if match:
                return match
        return None

    def _read(self, pipe, name):
        try:
            for line in pipe:
                if line.startswith("READY"):
                    self.ready_at = time.monotonic()
                self._lines[name].append(line)
        except ValueError:
            # Closed by discard().
            pass


def _free_ports(arguments):
    defaults = []
    for flag in ("--grpc-address", "--http-address"):
        if not any(argument.startswith(flag + "=") for argument in arguments):
            defaults.append(flag + "=127.0.0.1:0")
    return defaults
