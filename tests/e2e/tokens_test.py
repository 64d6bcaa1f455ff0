"""Tokens that are not the server's, over the wire: each is refused, and none says why to who sent it."""

import base64
import hashlib
import hmac
import json
import uuid

import grpc
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.e2e.support import known_secrets
from tests.e2e.support.client import CallError
from tests.e2e.support.http_client import get_json
from tests.e2e.support.server_case import DevServerCase
from tests.e2e.support.waiting import until

# The least the configuration allows.
LIFETIME_S = 10


def encode(data):
    raw = data if isinstance(data, bytes) else json.dumps(data, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(part):
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class TokensTest(DevServerCase):
    flags = (f"--auth-access-token-ttl-s={LIFETIME_S}",)

    def setUp(self):
        self.caller = self.client()
        login = self.caller.login("viewer", known_secrets.DEMO_PASSWORD)
        self.user_id = login.session.user_id
        self.header, self.claims, self.signature = self.caller.token.split(".")

    def assert_refused(self, token):
        with self.assertRaises(CallError) as raised:
            self.client(token).GetUser(user_id=self.user_id)
        error = raised.exception
        self.assertEqual((error.code, error.reason), (grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"))
        self.assertFalse(self.service.VerifySession(token=token).active)
        return error.message

    @property
    def service(self):
        return self.admin()

    def signed(self, header, claims, key):
        text = f"{encode(header)}.{encode(claims)}"
        r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def test_the_token_itself_works(self):
        self.assertEqual(self.client(self.caller.token).GetUser(user_id=self.user_id).user.username, "viewer")

    def test_forged(self):
        raised = {**decode(self.claims), "roles": ["admin"]}
        self.assert_refused(f"{self.header}.{encode(raised)}.{self.signature}")
        flipped = ("A" if self.signature[0] != "A" else "B") + self.signature[1:]
        self.assert_refused(f"{self.header}.{self.claims}.{flipped}")
        self.assert_refused(f"{self.header}.{self.claims}.")
        self.assert_refused(self.signed(decode(self.header), decode(self.claims), ec.generate_private_key(ec.SECP256R1())))

    def test_alg_none(self):
        for name in ("none", "None", "NONE"):
            for signature in ("", self.signature):
                self.assert_refused(f"{encode({**decode(self.header), 'alg': name})}.{self.claims}.{signature}")

    def test_alg_confusion(self):
        # The public key as the secret of an HMAC: what a verifier that trusts the header's alg would accept.
        jwk = get_json(self.server.http_address, "/.well-known/jwks.json")["keys"][0]
        numbers = [base64.urlsafe_b64decode(jwk[name] + "=") for name in ("x", "y")]
        header = encode({**decode(self.header), "alg": "HS256"})
        text = f"{header}.{self.claims}"
        for secret in (json.dumps(jwk).encode(), b"\x04" + b"".join(numbers)):
            self.assert_refused(f"{text}.{encode(hmac.new(secret, text.encode(), hashlib.sha256).digest())}")

    def test_unknown_kid(self):
        key = ec.generate_private_key(ec.SECP256R1())
        for kid in (str(uuid.uuid4()), "", "../../etc/passwd", "' OR 1=1 --"):
            self.assert_refused(self.signed({**decode(self.header), "kid": kid}, decode(self.claims), key))

    def test_key_in_the_header_is_not_trusted(self):
        key = ec.generate_private_key(ec.SECP256R1())
        numbers = key.public_key().public_numbers()
        jwk = {
            "kty": "EC",
            "crv": "P-256",
            "x": encode(numbers.x.to_bytes(32, "big")),
            "y": encode(numbers.y.to_bytes(32, "big")),
        }
        self.assert_refused(self.signed({**decode(self.header), "jwk": jwk}, decode(self.claims), key))

    def test_malformed(self):
        messages = {
            self.assert_refused(token)
            for token in ("x", "a.b.c", "....", "gh_key_" + "A" * 60, "gh_rt_" + "A" * 60, self.caller.token + "A")
        }
        self.assertEqual(len(messages), 1, "the message tells why")

    def test_expired(self):
        self.client(self.caller.token).GetUser(user_id=self.user_id)

        def refused():
            try:
                self.client(self.caller.token).GetUser(user_id=self.user_id)
                return False
            except CallError as error:
                return error.code == grpc.StatusCode.UNAUTHENTICATED

        # Also one whose verdict was cached while it lived.
        until(refused, "the token expired", interval=0.2)
        self.assert_refused(self.caller.token)
