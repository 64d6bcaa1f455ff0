"""Chromium without a window, driven by WebDriver, which is JSON over HTTP; with an authenticator of the driver's own for passkeys."""

import json
import os
import subprocess
import urllib.error
import urllib.request

from tests.e2e.support import processes, scratch
from tests.e2e.support.waiting import DEADLINE_S, until

# How WebDriver names an element in JSON.
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class BrowserError(AssertionError):
    """What WebDriver answered that was no success."""


class Browser:
    """One browser with a profile of its own, gone after the test. `programs`: chromedriver's path and chromium's."""

    def __init__(self, test, programs):
        driver, browser = programs
        folder = scratch.make_folder(test)
        address = processes.free_address()
        self._url = f"http://{address}"
        with open(f"{folder}/driver.log", "wb") as log:
            self._process = subprocess.Popen(
                [*processes.dying_with_us("TERM"), driver, f"--port={address.rpartition(':')[2]}"],
                env={"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder, "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        test.addCleanup(self._stop)
        until(lambda: processes.is_listening(address), "chromedriver listening")
        arguments = ["--headless=new", "--no-first-run", "--disable-gpu", f"--user-data-dir={folder}/profile"]
        # Its sandbox is not for root, nor for containers; it shows pages of the test's own alone.
        arguments += ["--no-sandbox", "--disable-dev-shm-usage"]
        options = {"binary": browser, "args": arguments}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options}
        made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})
        self._session = f"/session/{made['sessionId']}"
        test.addCleanup(self._call, "DELETE", self._session)

    def add_authenticator(self, knows_its_user=True):
        """One that says yes to everything: built in, with passkeys that can be found without a name; or a simple key on a cable."""
        kind = {"protocol": "ctap2", "transport": "internal" if knows_its_user else "usb", "hasResidentKey": knows_its_user}
        user = {"hasUserVerification": knows_its_user, "isUserVerified": knows_its_user, "isUserConsenting": True}
        made = self.call("POST", "/webauthn/authenticator", {**kind, **user})
        return f"/webauthn/authenticator/{made}"

    def remove_authenticator(self, authenticator):
        self.call("DELETE", authenticator)

    def credentials(self, authenticator):
        return self.call("GET", f"{authenticator}/credentials")

    def verify_user(self, authenticator, verified):
        """Whether the authenticator will know its user from now on."""
        self.call("POST", f"{authenticator}/uv", {"isUserVerified": verified})

    def open(self, url):
        self.call("POST", "/url", {"url": url})

    def click(self, element_id):
        self.call("POST", f"/element/{self._find(element_id)}/click", {})

    def type_in(self, element_id, text):
        element = self._find(element_id)
        self.call("POST", f"/element/{element}/clear", {})
        self.call("POST", f"/element/{element}/value", {"text": text})

    def text_of(self, element_id):
        return self.call("GET", f"/element/{self._find(element_id)}/text")

    def call(self, method, path, body=None):
        """A command of the session."""
        return self._call(method, self._session + path, body)

    def _find(self, element_id):
        return self.call("POST", "/element", {"using": "css selector", "value": f"#{element_id}"})[_ELEMENT]

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, {"content-type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=2 * DEADLINE_S) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(f"{method} {path}: {error.read().decode(errors='replace')}") from None

    def _stop(self):
        self._process.terminate()
        self._process.wait(DEADLINE_S)
