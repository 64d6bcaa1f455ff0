"""Passkeys in a real browser: the page of docs/clients/passkeys-example, in Chromium, with an authenticator of its driver's."""

import json
import os
import subprocess
import sys
import unittest

from tests.conformance.support.browser import Browser
from tests.conformance.support.servers import find_tool
from tests.e2e.support import known_secrets, processes, scratch
from tests.e2e.support.client import Client
from tests.e2e.support.gatehouse import Gatehouse
from tests.e2e.support.waiting import DEADLINE_S, until

EXAMPLE = os.path.abspath("docs/clients/passkeys-example/server.py")
PASSWORD = known_secrets.remember("correct horse battery")


def free_port():
    return int(processes.free_address().rpartition(":")[2])


class Page:
    """The example on a port of this machine, until what `add_cleanup` is given is called."""

    def __init__(self, add_cleanup, gatehouse, port):
        self._process = subprocess.Popen(
            [*processes.dying_with_us("TERM"), sys.executable, EXAMPLE, "--gatehouse", gatehouse, "--port", str(port)],
            # What this process imports, the generated messages among it.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        add_cleanup(self._stop)
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise AssertionError("the example did not start")

    def _stop(self):
        self._process.terminate()
        self._process.wait(DEADLINE_S)
        self._process.stdout.close()


class PasskeysInABrowserTest(unittest.TestCase):
    """One server and one page for all; each test has a browser and a user of its own."""

    users = 0

    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.server = Gatehouse.dev(
            scratch.make_folder(cls) + "/data",
            "--auth-passkey-rp-id=localhost",
            f"--auth-passkey-origins=http://localhost:{port}",
        )
        cls.addClassCleanup(cls.server.discard)
        cls.page = Page(cls.addClassCleanup, cls.server.grpc_address, port)

    def setUp(self):
        self.browser = Browser(self, (find_tool(self, "chromedriver"), find_tool(self, "chromium")))
        self.authenticator = self.browser.add_authenticator()
        self.name, self.user = self.add_user()
        self.browser.open(self.page.url)

    def add_user(self):
        """Its name and its id."""
        PasskeysInABrowserTest.users += 1
        name = f"ada{self.users}"
        with Client(self.server.grpc_address) as admin:
            admin.login("admin", known_secrets.DEMO_PASSWORD)
            return name, admin.CreateUser(user={"username": name, "role": "viewer"}, password=PASSWORD).user.id

    def status(self):
        """What the page says, once it says something."""

        def said():
            text = self.browser.text_of("status")
            return None if text == "..." else text

        return until(said, "the page says what came of it")

    def click(self, button):
        self.browser.click(button)
        return self.status()

    def answer(self, button):
        """What a click that succeeds gives."""
        said = self.click(button)
        self.assertTrue(said.startswith("{"), said)
        return json.loads(said)

    def type_password(self, name=None):
        self.browser.type_in("login", name or self.name)
        self.browser.type_in("password", PASSWORD)

    def log_in_by_password(self, name=None):
        self.type_password(name)
        return self.answer("log-in")

    def make_passkey(self):
        self.assertEqual(self.log_in_by_password()["amr"], ["pwd"])
        return self.answer("make-passkey")["id"]

    def test_makes_one_and_logs_in_by_it_alone(self):
        self.make_passkey()
        kept = self.browser.credentials(self.authenticator)
        self.assertEqual([(key["rpId"], key["userName"], key["isResidentCredential"]) for key in kept], [("localhost", self.name, True)])
        # The authenticator has it already, and the options say so.
        self.assertIn("InvalidStateError", self.click("make-passkey"))
        self.answer("log-out")
        self.assertIn("UNAUTHENTICATED", self.click("list"))
        # Nobody has said who it is.
        self.assertEqual(self.answer("log-in-by-passkey"), {"user": self.user, "amr": ["pop", "mfa"]})
        self.assertEqual(len(self.answer("list")["names"]), 1)
        # It counts: each time on.
        before = self.browser.credentials(self.authenticator)[0]["signCount"]
        self.answer("log-in-by-passkey")
        self.assertGreater(self.browser.credentials(self.authenticator)[0]["signCount"], before)

    def test_is_offered_in_the_field_of_the_name(self):
        self.make_passkey()
        self.answer("log-out")
        # The authenticator of the driver takes what the browser offers.
        self.browser.open(self.page.url)
        self.assertEqual(json.loads(self.status()), {"user": self.user, "amr": ["pop", "mfa"]})

    def test_alone_it_takes_that_the_authenticator_knows_its_user(self):
        self.make_passkey()
        self.browser.verify_user(self.authenticator, False)
        self.assertIn("NotAllowedError", self.click("log-in-by-passkey"))
        self.browser.verify_user(self.authenticator, True)
        self.assertEqual(self.answer("log-in-by-passkey")["user"], self.user)

    def test_another_origin_is_refused(self):
        self.make_passkey()
        # The same domain, so that the browser signs, and says where: only the server can tell that it may not ask.
        other = Page(self.addCleanup, self.server.grpc_address, free_port())
        self.browser.open(other.url)
        self.assertIn("PASSKEY_INVALID", self.status())
        self.assertIn("origin", self.click("log-in-by-passkey"))
        self.log_in_by_password(self.add_user()[0])
        self.assertIn("PASSKEY_INVALID", self.click("make-passkey"))
        # Of another domain the browser itself refuses.
        self.browser.open(self.page.url.replace("localhost", "127.0.0.1"))
        self.assertIn("SecurityError", self.click("log-in-by-passkey"))

    def test_a_removed_one_logs_in_no_more(self):
        passkey = self.make_passkey()
        with Client(self.server.grpc_address) as admin:
            admin.login("admin", known_secrets.DEMO_PASSWORD)
            admin.RemovePasskey(user_id=self.user, passkey_id=passkey)
        self.assertIn("LOGIN_FAILED", self.click("log-in-by-passkey"))

    def test_answers_for_the_second_step_of_a_login_by_password(self):
        self.make_passkey()
        codes = self.answer("ask")["recovery_codes"]
        self.assertEqual(len(codes), 10)
        self.assertTrue(self.answer("list")["asked"])
        self.answer("log-out")
        self.assertEqual(self.log_in_by_password(), {"user": self.user, "amr": ["pwd", "pop", "mfa"]})
        # After the password it is enough to have it: one that cannot tell whose hand it is in will do, as it does not alone.
        self.browser.remove_authenticator(self.authenticator)
        key = self.browser.add_authenticator(knows_its_user=False)
        self.answer("make-passkey")
        self.assertIn("NotAllowedError", self.click("log-in-by-passkey"))
        self.assertEqual(self.log_in_by_password(), {"user": self.user, "amr": ["pwd", "pop", "mfa"]})
        # It is lost: a code that was written down, and the way back.
        self.browser.call("DELETE", f"{key}/credentials")
        self.type_password()
        self.assertIn("NotAllowedError", self.click("log-in"))
        self.browser.type_in("code", codes[0])
        self.assertEqual(self.answer("answer-by-code")["amr"], ["pwd", "otp", "mfa"])
        self.answer("stop-asking")
        self.assertEqual(self.log_in_by_password()["amr"], ["pwd"])


if __name__ == "__main__":
    unittest.main()
