"""The verifiers in C++ (auth/verifier/) and Python (docs/clients/python/) against the real server, and what others find there."""

import os
import sys
import unittest

from tests.e2e.support import known_secrets
from tests.e2e.support.http_client import get, get_json
from tests.e2e.support.server_case import DevServerCase
from tests.verifying.verifier_cases import VerifierCases

CLIENTS = os.path.abspath("docs/clients")
ISSUER = "https://id.example.com"


class CppVerifierTest(VerifierCases, unittest.TestCase):
    def command(self):
        return [os.path.abspath("tests/verifying/verifier_probe")]


class PythonVerifierTest(VerifierCases, unittest.TestCase):
    def command(self):
        return [sys.executable, "-m", "gatehouse_verifier"]

    def environment(self):
        # The generated messages are where this finds them too.
        return {"PYTHONPATH": os.pathsep.join([f"{CLIENTS}/python", *sys.path])}


class DiscoveryTest(DevServerCase):
    """A library that knows the issuer alone."""

    flags = (f"--auth-issuer={ISSUER}",)

    def test_the_issuer_leads_to_keys_that_verify(self):
        sys.path.insert(0, f"{CLIENTS}/python")
        self.addCleanup(sys.path.remove, f"{CLIENTS}/python")
        from gatehouse_verifier import TokenRefused, TokenVerifier

        found = get_json(self.server.http_address, "/.well-known/openid-configuration")
        self.assertEqual(found, get_json(self.server.http_address, "/.well-known/oauth-authorization-server"))
        self.assertEqual(found["issuer"], ISSUER)
        self.assertTrue(found["jwks_uri"].startswith(ISSUER + "/"))
        status, keys = get(self.server.http_address, found["jwks_uri"].removeprefix(ISSUER))
        self.assertEqual(status, 200)
        verifier = TokenVerifier(issuer=found["issuer"], accept_when_stale=True)
        verifier.set_keys(keys)
        login = self.client().login("viewer", known_secrets.DEMO_PASSWORD)
        claims = verifier.verify(login.tokens.access_token)
        self.assertEqual((claims.user_id, claims.session_id), (login.session.user_id, login.session.id))
        other = TokenVerifier(issuer=ISSUER + "/", accept_when_stale=True)
        other.set_keys(keys)
        with self.assertRaises(TokenRefused):
            other.verify(login.tokens.access_token)


if __name__ == "__main__":
    unittest.main()
