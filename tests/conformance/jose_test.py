"""Access tokens verified by JOSE libraries of others, which know the issuer's URL alone: tools/conformance fetches them."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import unittest

from cryptography.hazmat.primitives import serialization

from tests.conformance.support.issuer import Issuer
from tests.conformance.support.servers import TOOLS, find_tool
from tests.e2e.support.processes import dying_with_us

VERIFIERS = os.path.abspath("tests/conformance/verifiers")
FETCHED = f"{TOOLS}/conformance"
AUDIENCE = "gatehouse"
# A token lives for five minutes.
AFTER_ITS_END_S = 400


def go(test):
    return [find_tool(test, f"{FETCHED}/go-jose")], {}


def node(test):
    find_tool(test, f"{FETCHED}/node-jose/node_modules/jose")
    return [find_tool(test, "node"), f"{VERIFIERS}/node/verify.mjs"], {"LIBRARIES": f"{FETCHED}/node-jose"}


def python(test):
    find_tool(test, "/usr/lib/python3/dist-packages/jwt")
    return [sys.executable, f"{VERIFIERS}/python/verify.py"], {}


def java(test):
    libraries = find_tool(test, f"{FETCHED}/java-jose")
    return [find_tool(test, "java"), "-Xmx256m", "-cp", f"{libraries}/*", f"{VERIFIERS}/java/Verify.java"], {}


class Program:
    def __init__(self, test, make, issuer, ahead_s=0):
        words, env = make(test)
        self._process = subprocess.Popen(
            [*dying_with_us("TERM"), *words, issuer, AUDIENCE, str(ahead_s)],
            env={**os.environ, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        test.addCleanup(self._end)
        test.assertEqual(self._process.stdout.readline().strip(), "ready")

    def _end(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def says(self, token):
        self._process.stdin.write(token + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def encode(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def header_of(token):
    return json.loads(decode(token.split(".")[0]))


def signed_by_the_public_key(token, jwk):
    """As if what everybody knows were a secret: libraries that let the token choose the algorithm fell for it."""
    import jwt  # Debian's: the test is skipped without it.

    secret = jwt.PyJWK(jwk).key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header = encode(json.dumps({**header_of(token), "alg": "HS256"}).encode())
    message = f"{header}.{token.split('.')[1]}"
    return f"{message}.{encode(hmac.digest(secret, message.encode(), hashlib.sha256))}"


def tampered(token, jwk):
    """What somebody without the key can make of a token."""
    header, claims, signature = token.split(".")
    raised = json.loads(decode(claims))
    raised["roles"] = ["admin", "root"]
    last = raised["exp"] + 3600
    return {
        "another signature": f"{header}.{claims}.{('A' if signature[0] != 'A' else 'B') + signature[1:]}",
        "no signature": f"{header}.{claims}.",
        "other claims": f"{header}.{encode(json.dumps(raised).encode())}.{signature}",
        "a later end": f"{header}.{encode(json.dumps({**raised, 'exp': last}).encode())}.{signature}",
        "alg none": f"{encode(json.dumps({**header_of(token), 'alg': 'none'}).encode())}.{claims}.",
        "the public key as a secret": signed_by_the_public_key(token, jwk),
        "nonsense": "nonsense",
    }


class JoseCases:
    """To be mixed into a TestCase, which says in `library` how its program is run."""

    def check(self, algorithm):
        library = self.library
        library(self)
        python(self)
        issuer = Issuer(self, algorithm)
        token = issuer.admin.token
        self.assertEqual(header_of(token)["alg"], algorithm)
        good = f"ok {issuer.user_id}"
        program = Program(self, library, issuer.url)
        self.assertEqual(program.says(token), good)
        [jwk] = json.loads(issuer.admin.GetJwks().jwks_json)["keys"]
        refused = {
            **tampered(token, jwk),
            "another issuer": issuer.token(url="https://elsewhere.example"),
            "another audience": issuer.token("--auth-audience=elsewhere"),
            "somebody with keys of their own": Issuer(self, algorithm, issuer.url).admin.token,
        }
        for why, bad in refused.items():
            self.assertTrue(program.says(bad).startswith("refused"), why)
        self.assertEqual(program.says(token), good)
        self.assertTrue(Program(self, library, issuer.url, AFTER_ITS_END_S).says(token).startswith("refused"), "expired")

        # Each tenant's issuer leads to its own keys, and to nothing by which tokens of another are good.
        acme_url, acme_user, acme_token = issuer.customer("acme")
        self.assertEqual(header_of(acme_token)["alg"], algorithm)
        acme = Program(self, library, acme_url)
        self.assertEqual(acme.says(acme_token), f"ok {acme_user}")
        self.assertTrue(acme.says(token).startswith("refused"), "of the default tenant")
        self.assertTrue(program.says(acme_token).startswith("refused"), "of another tenant")

        # A rotation in time breaks nothing, after one in an emergency tokens of before are good for nothing.
        issuer.rotate_in_time()
        next_token = issuer.token()
        self.assertNotEqual(header_of(next_token)["kid"], header_of(token)["kid"])
        self.assertEqual(program.says(next_token), good)
        self.assertEqual(program.says(token), good)
        issuer.admin.RotateSigningKey(emergency=True)
        last_token = issuer.token()
        self.assertEqual(program.says(last_token), good)
        for old in (token, next_token):
            self.assertTrue(program.says(old).startswith("refused"), "removed")

    def test_es256(self):
        self.check("ES256")

    def test_eddsa(self):
        self.check("EdDSA")

    def test_rs256(self):
        self.check("RS256")


class GoTest(JoseCases, unittest.TestCase):
    library = staticmethod(go)


class NodeTest(JoseCases, unittest.TestCase):
    library = staticmethod(node)


class PythonTest(JoseCases, unittest.TestCase):
    library = staticmethod(python)


class JavaTest(JoseCases, unittest.TestCase):
    library = staticmethod(java)


if __name__ == "__main__":
    unittest.main()
