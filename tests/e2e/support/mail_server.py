"""A real mail server, aiosmtpd, as a child process: see tests/support/smtp/smtp_server.py."""

import json
import queue
import re
import subprocess
import threading

from tests.e2e.support import known_secrets
from tests.e2e.support.processes import dying_with_us
from tests.e2e.support.waiting import DEADLINE_S

_TOKEN = re.compile(r"token=(gh_ot_[\w-]+)")


class MailServer:
    """Ends with the test. The tokens of mails are remembered as secrets."""

    def __init__(self, test, *arguments):
        self._process = subprocess.Popen(
            # Debian's Python, since the module is Debian's too.
            [*dying_with_us("KILL"), "/usr/bin/python3", "tests/support/smtp/smtp_server.py", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        test.addCleanup(self._end)
        self._lines = {name: queue.Queue() for name in ("port", "mail", "held", "done")}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.address = f"127.0.0.1:{self._next('port')}"

    def tell(self, command):
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        self._next("done")

    def next_mail(self):
        return self._next("mail")

    def untold(self):
        """How many mails it has taken that nobody asked for."""
        self.tell("nothing")
        return self._lines["mail"].qsize()

    def wait_until_held(self):
        self._next("held")

    @staticmethod
    def token_of(mail):
        return known_secrets.remember(_TOKEN.search(mail["text"]).group(1))

    def _next(self, name):
        return self._lines[name].get(timeout=DEADLINE_S)

    def _read(self):
        for line in self._process.stdout:
            for name, value in json.loads(line).items():
                self._lines[name].put(value)

    def _end(self):
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdin.close()
        self._process.stdout.close()
