"""Runs the tour of README.md on a fresh `gatehouse dev`, then the pages that go on from it, and compares what is printed with what
they say.

In a block marked `console`, lines after "$ " are commands, the others their output. "..." alone on a line stands for any lines.
Ids, times, tokens, secrets and hashes may differ, nothing else. `tools/dev` starts the server, and starts it again with other flags.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import unittest

from tests.e2e.support import scratch
from tests.e2e.support.gatehouse import Gatehouse
from tests.e2e.support.grpcurl import PROGRAM as GRPCURL
from tests.e2e.support.waiting import until

# In their order: one shell runs them all.
PAGES = (
    "README.md",
    "docs/accounts.md",
    "docs/sessions.md",
    "docs/verifying.md",
    "docs/passkeys.md",
    "docs/alerts.md",
    "docs/importing.md",
    "docs/coming-from.md",
    "docs/erasure.md",
    "docs/mail.md",
    "docs/tenants.md",
    "docs/operating/admin.md",
)

# What the pages name, and the test may not use: addresses of the server, ports of what they start beside it, files they write.
GRPC_ADDRESS = "127.0.0.1:50051"
HTTP_ADDRESS = "127.0.0.1:8081"
PORTS = ("9000", "2525")
FILES = re.compile(r"(?<![\w/.])(received|mails\.txt)\b")

PLACEHOLDERS = (
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "<time>"),
    (re.compile(r"\beyJ[\w.-]+"), "<access token>"),
    (re.compile(r"\bgh_rt_[\w.-]+"), "<refresh token>"),
    (re.compile(r"\bwhsec_[\w+/=]+"), "<secret>"),
    (re.compile(r'("etag": )".*"'), r"\1<etag>"),
    (re.compile(r'("leafHash": )".*"'), r"\1<hash>"),
    (re.compile(r"(grpcurl|grpc-go)/[\w.-]+"), r"\1/<version>"),
)


def steps_of(page):
    """[(command, expected lines)] of the console blocks of a page, in order."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    steps = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            elif steps and steps[-1][0].endswith("\\"):
                steps[-1] = (steps[-1][0] + "\n" + line, [])
            else:
                steps[-1][1].append(line)
    return steps


def pattern_of(lines):
    parts = [r"(?:.*\n)*?" if line.strip() == "..." else re.escape(comparable(line)) + r"\n" for line in lines]
    return re.compile("".join(parts))


def comparable(text):
    for pattern, placeholder in PLACEHOLDERS:
        text = pattern.sub(placeholder, text)
    return text


class Shell:
    """One bash, as a person has one open."""

    def __init__(self, test, home):
        self._bash = subprocess.Popen(
            ["/bin/bash", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": home},
            # So that what it leaves running can be ended with it.
            start_new_session=True,
        )
        test.addCleanup(self._end_what_is_left)
        test.addCleanup(self._bash.stdout.close)
        test.addCleanup(self._bash.wait)
        test.addCleanup(self._bash.stdin.close)

    def _end_what_is_left(self):
        try:
            os.killpg(self._bash.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass

    def run(self, command):
        """What the command prints, both streams."""
        self._bash.stdin.write(command + "\nprintf '\\n\\001\\n'\n")
        self._bash.stdin.flush()
        lines = []
        while True:
            line = self._bash.stdout.readline()
            if not line:
                raise AssertionError(f"the shell ended: {command}\n{''.join(lines)}")
            if line == "\001\n":
                # The newline printed before the mark is not the command's own.
                return "".join(lines)[:-1]
            lines.append(line)


class TourTest(unittest.TestCase):
    def test_commands_print_what_the_pages_say(self):
        folder = scratch.make_folder(self)
        steps = [step for page in PAGES for step in steps_of(page)]
        self.folder = folder
        self.ports = {port: str(free_port()) for port in PORTS}
        self.server = None

        # Paths in README.md are relative to the clone, so the shell stays here; what it writes goes to the folder.
        shell = Shell(self, home=self.home_with_grpcurl(folder))
        self.assertGreater(len(steps), 8, "the tour got lost")
        for command, expected in steps:
            if command.startswith("tools/dev"):
                self.start_server(command, expected)
                continue
            words = FILES.sub(lambda found: f"{shlex.quote(folder)}/{found.group()}", self.substitute(command))
            # Events get their index, and webhooks arrive, a moment later: a person would look again.
            look_again = "/List" in command or command.startswith("cat ")
            self.run_step(shell, command, words, expected, look_again)
        self.assertEqual(self.server.stop(), 0, self.server.stderr)

    def start_server(self, command, expected):
        """In a terminal of its own, and here with other ports and another folder."""
        data_dir = self.folder + "/data"
        flags = shlex.split(self.with_ports(command).replace("\\\n", " "))[1:]
        if self.server:
            self.assertEqual(self.server.stop(), 0, self.server.stderr)
            # What was typed before names these.
            flags += [f"--grpc-address={self.server.grpc_address}", f"--http-address={self.server.http_address}"]
        self.server = Gatehouse.dev(data_dir, *flags)
        self.addCleanup(self.server.discard)
        self.compare(command, expected, self.server.stdout.replace(data_dir, "/var/lib/gatehouse"))

    def run_step(self, shell, command, words, expected, look_again):
        if not look_again:
            self.compare(command, expected, shell.run(words))
            return
        outputs = []

        def fits():
            outputs.append(shell.run(words))
            return pattern_of(expected).fullmatch(comparable(self.restore(outputs[-1])))

        until(fits, lambda: f"$ {command}\n{outputs[-1]}", interval=0.1)

    def compare(self, command, expected, output):
        found = comparable(self.restore(output))
        if found and not found.endswith("\n"):
            found += "\n"
        if not pattern_of(expected).fullmatch(found):
            self.fail(f"$ {command}\n--- the page says\n" + "\n".join(expected) + f"\n--- it printed\n{output}")

    def substitute(self, command):
        command = command.replace(GRPC_ADDRESS, self.server.grpc_address).replace(HTTP_ADDRESS, self.server.http_address)
        return self.with_ports(command)

    def with_ports(self, command):
        return re.sub(rf"(?<=[:=])({'|'.join(PORTS)})\b", lambda found: self.ports[found.group()], command)

    def restore(self, output):
        output = output.replace(self.server.grpc_address, GRPC_ADDRESS).replace(self.server.http_address, HTTP_ADDRESS)
        for port, used in self.ports.items():
            output = output.replace(f":{used}", f":{port}")
        return output

    @staticmethod
    def home_with_grpcurl(folder):
        """A home where grpcurl is where tools/setup puts it."""
        bin_dir = f"{folder}/home/.cache/gatehouse-tools/bin"
        os.makedirs(bin_dir)
        os.symlink(GRPCURL, f"{bin_dir}/grpcurl")
        return f"{folder}/home"


def free_port():
    """A port nobody listens on; another program could take it before the receiver does, which the tour would show."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
