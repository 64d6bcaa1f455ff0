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

    def setUp(self):
        sys.path.insert(0, f"{CLIENTS}/python")
        self.addCleanup(sys.path.remove, f"{CLIENTS}/python")

    def found_by(self, issuer):
        """The document at an issuer, where OpenID Connect Discovery looks and where RFC 8414 does, and the keys that it names."""
        path = issuer.removeprefix(ISSUER)
        found = get_json(self.server.http_address, f"{path}/.well-known/openid-configuration")
        self.assertEqual(found, get_json(self.server.http_address, f"/.well-known/oauth-authorization-server{path}"))
        self.assertEqual(found["issuer"], issuer)
        self.assertTrue(found["jwks_uri"].startswith(issuer + "/"))
        status, keys = get(self.server.http_address, found["jwks_uri"].removeprefix(ISSUER))
        self.assertEqual(status, 200)
        return keys

    def verify(self, issuer, keys, token):
        from gatehouse_verifier import TokenVerifier

        verifier = TokenVerifier(issuer=issuer, accept_when_stale=True)
        verifier.set_keys(keys)
        return verifier.verify(token)

    def test_the_issuer_leads_to_keys_that_verify(self):
        from gatehouse_verifier import TokenRefused

        keys = self.found_by(ISSUER)
        login = self.client().login("viewer", known_secrets.DEMO_PASSWORD)
        claims = self.verify(ISSUER, keys, login.tokens.access_token)
        self.assertEqual((claims.user_id, claims.session_id), (login.session.user_id, login.session.id))
        with self.assertRaises(TokenRefused):
            self.verify(ISSUER + "/", keys, login.tokens.access_token)

    def test_the_issuer_of_a_tenant_leads_to_its_own_keys(self):
        from gatehouse_verifier import TokenRefused

        password = known_secrets.remember("correct horse battery")
        tenant = {"name": "acme", "host_names": ["login.acme.example"]}
        admin = self.admin()
        made = admin.CreateTenant(tenant=tenant, admin={"username": "wile", "password": password})
        issuer = f"{ISSUER}/t/{made.tenant.id}"
        login = self.client().login("wile", password, metadata=[("x-gatehouse-tenant", "acme")])
        token = login.tokens.access_token
        self.assertEqual(self.verify(issuer, self.found_by(issuer), token).user_id, made.admin_user_id)
        with self.assertRaises(TokenRefused):
            self.verify(ISSUER, self.found_by(ISSUER), token)
        with self.assertRaises(TokenRefused):
            self.verify(ISSUER, self.found_by(issuer), token)
        # The server itself takes both, and says what they say.
        self.assertEqual(admin.IntrospectToken(token=admin.token).issuer, ISSUER)
        self.assertEqual(self.client(token).IntrospectToken(token=token).issuer, issuer)
        # Who knows a host name or a name of the tenant is told its issuer.
        for path, host in (("", "login.acme.example"), ("/t/acme", "localhost")):
            told = get_json(self.server.http_address, f"{path}/.well-known/openid-configuration", host=host)
            self.assertEqual(told["issuer"], issuer)


if __name__ == "__main__":
    unittest.main()
