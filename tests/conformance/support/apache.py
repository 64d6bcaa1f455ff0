"""Apache as a gateway that verifies access tokens by itself, set up as docs/verifying.md says."""

import os
import platform
import re
import subprocess
import urllib.error
import urllib.request

from tests.conformance.support.certificates import make_certificates
from tests.conformance.support.issuer import Issuer
from tests.conformance.support.servers import find_tool
from tests.e2e.support import accounts, processes, scratch
from tests.e2e.support.waiting import DEADLINE_S, until

MODULES = "/usr/lib/apache2/modules"
FAKETIME = f"/usr/lib/{platform.machine()}-linux-gnu/faketime/libfaketimeMT.so.1"
# It refuses to serve as root.
USER = "postgres"


def documented(issuer_url):
    """The lines for Apache of the page, for an issuer."""
    with open("docs/verifying.md", encoding="utf-8") as file:
        return re.search(r"```apache\n(.*?)```", file.read(), re.DOTALL).group(1).replace("https://id.example.com", issuer_url)


class HttpsIssuer(Issuer):
    """One whose keys are found over TLS alone: mod_auth_openidc gets none without. `authority` is the file to trust."""

    def __init__(self, test, algorithm):
        address = processes.free_address()
        super().__init__(test, algorithm, f"https://{address}")
        host, _, port = address.rpartition(":")
        http_host, _, http_port = self.http_address.rpartition(":")
        folder = scratch.make_folder(test)
        made = make_certificates(folder)
        # For the user that Apache runs as.
        os.chmod(made.authority, 0o644)
        self.authority = made.authority
        words = [
            find_tool(test, "nghttpx"),
            "--conf=/dev/null",
            f"--frontend={host},{port}",
            f"--backend={http_host},{http_port}",
            "--workers=1",
            "--no-ocsp",
            "--errorlog-file=/dev/stderr",
            "--log-level=ERROR",
            made.key,
            made.certificate,
        ]
        process = subprocess.Popen([*processes.dying_with_us("TERM"), *words], stdin=subprocess.DEVNULL)
        test.addCleanup(lambda: (process.terminate(), process.wait(DEADLINE_S)))
        until(lambda: processes.is_listening(address), "nghttpx listening")


class Apache:
    """Shows whoever has a good token who it is, by `/`. Its clock is so many seconds ahead."""

    def __init__(self, test, issuer, ahead_s=0):
        program = find_tool(test, "apache2")
        find_tool(test, f"{MODULES}/mod_auth_openidc.so")
        ahead = ["/usr/bin/env", f"LD_PRELOAD={find_tool(test, FAKETIME)}", f"FAKETIME=+{ahead_s}s"] if ahead_s else []
        folder = scratch.make_folder(test)
        accounts.give(folder, USER)
        self._address = processes.free_address()
        modules = {"mpm_event": "mpm_event", "authn_core": "authn_core", "authz_core": "authz_core", "authz_user": "authz_user"}
        modules |= {"auth_openidc": "auth_openidc", "headers": "headers"}
        lines = [f"LoadModule {name}_module {MODULES}/mod_{file}.so" for name, file in modules.items()]
        lines += [
            f"ServerRoot {folder}",
            "ServerName localhost",
            f"Listen {self._address}",
            f"PidFile {folder}/pid",
            f"DefaultRuntimeDir {folder}",
            f"ErrorLog {folder}/error.log",
            f"DocumentRoot {folder}",
            "StartServers 1",
            documented(issuer.url),
            f"OIDCCABundlePath {issuer.authority}",
            '<Location /index.html>\nHeader set X-User "expr=%{REMOTE_USER}"\n</Location>',
        ]
        for name, text in (("httpd.conf", "\n".join(lines)), ("index.html", "welcome")):
            path = f"{folder}/{name}"
            with open(path, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            os.chmod(path, 0o644)
        self._log = f"{folder}/error.log"
        words = [*accounts.prefix_of(USER), *ahead, program, "-DFOREGROUND", "-f", f"{folder}/httpd.conf"]
        self._process = subprocess.Popen([*processes.dying_with_us("TERM"), *words], stdin=subprocess.DEVNULL)
        test.addCleanup(self._stop)
        until(lambda: processes.is_listening(self._address), self._trouble)

    def _trouble(self):
        if not os.path.exists(self._log):
            return "Apache listening"
        with open(self._log, encoding="utf-8", errors="replace") as file:
            return f"Apache listening: {file.read()}"

    def _stop(self):
        self._process.terminate()
        self._process.wait(DEADLINE_S)

    def says(self, token):
        """The id of the user that it lets in; its status otherwise."""
        request = urllib.request.Request(f"http://{self._address}/index.html", headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return answer.headers["X-User"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code
