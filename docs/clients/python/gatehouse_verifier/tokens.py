"""Judges access tokens in memory, by keys and revocations that somebody else keeps up to date."""

from __future__ import annotations

import base64
import binascii
import collections
import dataclasses
import hashlib
import json
import threading
import time
from typing import Any, Callable, Optional

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

_MAX_TOKEN_BYTES = 4096
_MAX_KEYS = 100
_MIN_RSA_BITS = 2048
_EVERY_EPOCH = 2**63 - 1


class TokenRefused(Exception):
    """The token is not good: forged, expired, revoked, for somebody else, or none. The message is for logs."""


class TenantClosed(TokenRefused):
    """The tenant takes no calls, so none of its tokens is good now. They may be again later."""

    def __init__(self, reason: str, destination: str = "") -> None:
        super().__init__(f"{reason}: {destination}" if destination else reason)
        # As the server says it to callers: "TENANT_FROZEN" or "TENANT_MOVED".
        self.reason = reason
        # Of a tenant that has moved: where to, in its operator's words; may be empty.
        self.destination = destination


class RevocationsUnknown(Exception):
    """Whether the token is good is not known now, since nothing was heard from the server lately."""


@dataclasses.dataclass(frozen=True)
class Claims:
    """What an access token says. Times are seconds since 1970."""

    tenant_id: str
    user_id: str
    session_id: str
    user_epoch: int
    roles: tuple[str, ...]
    amr: tuple[str, ...]
    auth_time: int
    token_id: str
    issued_at: int
    expires_at: int


@dataclasses.dataclass(frozen=True)
class _Key:
    id: str
    verify: Callable[[bytes, bytes], bool]


def decode_base64url(text: str) -> bytes:
    """Without padding and without bits that stand for nothing, so that one value has one text."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenRefused("not base64url") from None
    if encode_base64url(raw) != text:
        raise TokenRefused("not base64url")
    return raw


def encode_base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _check(verify: Callable[[], None]) -> bool:
    try:
        verify()
    except InvalidSignature:
        return False
    return True


def _number(jwk: dict[str, Any], name: str) -> int:
    return int.from_bytes(decode_base64url(jwk[name]), "big")


_Verify = Callable[[bytes, bytes], bool]


def _p256(jwk: dict[str, Any]) -> _Verify:
    numbers = ec.EllipticCurvePublicNumbers(_number(jwk, "x"), _number(jwk, "y"), ec.SECP256R1())
    key = numbers.public_key()

    def verify(message: bytes, signature: bytes) -> bool:
        if len(signature) != 64:
            return False
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        return _check(lambda: key.verify(der, message, ec.ECDSA(hashes.SHA256())))

    return verify


def _ed25519(jwk: dict[str, Any]) -> _Verify:
    key = ed25519.Ed25519PublicKey.from_public_bytes(decode_base64url(jwk["x"]))
    return lambda message, signature: _check(lambda: key.verify(signature, message))


def _rsa(jwk: dict[str, Any]) -> _Verify:
    key = rsa.RSAPublicNumbers(_number(jwk, "e"), _number(jwk, "n")).public_key()
    if key.key_size < _MIN_RSA_BITS:
        raise ValueError("a short key")
    return lambda message, signature: _check(lambda: key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256()))


# The algorithm is the key's; what a token's header claims is compared with it, never followed.
_KINDS = {("EC", "P-256", "ES256"): _p256, ("OKP", "Ed25519", "EdDSA"): _ed25519, ("RSA", None, "RS256"): _rsa}


def _parse_keys(jwks_json: str) -> dict[str, _Key]:
    """Keys by the header of every token that they sign, which is one text. Those of other kinds are left out."""
    found: dict[str, _Key] = {}
    for jwk in json.loads(jwks_json)["keys"][:_MAX_KEYS]:
        make = _KINDS.get((jwk.get("kty"), jwk.get("crv"), jwk.get("alg")))
        if make is None:
            continue
        try:
            key = _Key(jwk["kid"], make(jwk))
        except (KeyError, ValueError, TokenRefused):
            continue
        header = json.dumps({"alg": jwk["alg"], "kid": jwk["kid"], "typ": "at+jwt"}, separators=(",", ":"), ensure_ascii=False)
        found[encode_base64url(header.encode())] = key
    if not found:
        raise ValueError("the key set has no usable key")
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Names that occur twice are read differently by different parsers (RFC 8725)."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name occurs twice")
    return made


def _claims_of(payload: str) -> tuple[Claims, dict[str, Any]]:
    try:
        said = json.loads(decode_base64url(payload), object_pairs_hook=_unique)
        claims = Claims(
            tenant_id=said["tid"],
            user_id=said["sub"],
            session_id=said["sid"],
            user_epoch=said["uep"],
            roles=tuple(said["roles"]),
            amr=tuple(said["amr"]),
            auth_time=said["auth_time"],
            token_id=said["jti"],
            issued_at=said["iat"],
            expires_at=said["exp"],
        )
    except (KeyError, TypeError, ValueError, RecursionError):
        raise TokenRefused("a claim is missing or malformed") from None
    texts = (claims.tenant_id, claims.user_id, claims.session_id, claims.token_id, *claims.roles, *claims.amr)
    numbers = (claims.user_epoch, claims.auth_time, claims.issued_at, claims.expires_at, said.get("nbf", 0))
    if not all(type(text) is str for text in texts) or not all(type(number) is int and number >= 0 for number in numbers):
        raise TokenRefused("a claim is missing or malformed")
    return claims, said


def _key_subject(key_id: str) -> str:
    """By what a key is found among what is revoked, beside users and sessions."""
    return f"key {key_id}"


class TokenVerifier:
    """Waits for nothing: a token that was seen before costs a SHA-256 and a look-up, another one a signature.

    Bounded: tokens and revocations have a number each. A full cache forgets the tokens that were used longest ago; a
    revocation for which there is no room makes all answers uncertain until it would have been dropped. Thread-safe.

    `issuer` is the tenant's, which is auth.issuer of the server or below it (docs/verifying.md); `audience` is auth.audience.
    """

    def __init__(
        self,
        *,
        issuer: str = "gatehouse",
        audience: str = "gatehouse",
        leeway_s: float = 30,
        max_staleness_s: float = 5,
        accept_when_stale: bool = False,
        max_cached_tokens: int = 32 * 1024,
        max_revocations: int = 256 * 1024,
        clock: Callable[[], float] = time.time,
        watch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer, self._audience, self._leeway_s = issuer, audience, leeway_s
        self._max_staleness_s, self._accept_when_stale = max_staleness_s, accept_when_stale
        self._max_cached, self._max_revocations = max_cached_tokens, max_revocations
        self._clock, self._watch = clock, watch
        self._lock = threading.Lock()
        self._keys: dict[str, _Key] = {}
        # Raised when a key is gone: what was judged by it before must not be remembered.
        self._generation = 0
        self._cache: collections.OrderedDict[bytes, Claims] = collections.OrderedDict()
        # Of sessions and users: epochs below are dead, and until when that is of use.
        self._revoked: dict[str, tuple[int, float]] = {}
        self._lost_until = 0.0
        self._known_until = float("-inf")
        self._keys_wanted = False
        # None while the tenant takes calls.
        self._closed: Optional[tuple[str, str]] = None

    def verify(self, token: str) -> Claims:
        """What the token says, if it is genuine, live and not revoked. TokenRefused if not, RevocationsUnknown if unknown.

        TenantClosed, which is a TokenRefused, while the tenant takes no calls.
        """
        if len(token) > _MAX_TOKEN_BYTES or not token.isascii():
            raise TokenRefused("the token is too long, or none")
        digest = hashlib.sha256(token.encode()).digest()
        now = self._clock()
        with self._lock:
            if self._closed:
                raise TenantClosed(*self._closed)
            generation = self._generation
            claims = self._cache.get(digest)
            if claims is not None:
                self._cache.move_to_end(digest)
        if claims is None:
            claims = self._read(token)
        if claims.expires_at <= now:
            raise TokenRefused("the token has expired")
        with self._lock:
            if self._is_revoked(claims):
                self._cache.pop(digest, None)
                raise TokenRefused("the token was revoked")
            if generation == self._generation:
                self._cache[digest] = claims
            if len(self._cache) > self._max_cached:
                self._cache.popitem(last=False)
            known = self._known_until + self._max_staleness_s >= self._watch() and self._lost_until <= now
        if not known and not self._accept_when_stale:
            raise RevocationsUnknown("whether the token was revoked is not known now")
        return claims

    def _read(self, token: str) -> Claims:
        """What a token says whose signature is good and that is for us, now or later."""
        parts = token.split(".")
        if len(parts) != 3:
            raise TokenRefused("the token does not have three parts")
        header, payload, signature = parts
        with self._lock:
            if not self._keys:
                raise RevocationsUnknown("no keys are known yet")
            key = self._keys.get(header)
            # A key set that has a key still that was removed is an old one.
            is_removed = key is not None and _key_subject(key.id) in self._revoked
            self._keys_wanted |= key is None or is_removed
        if is_removed:
            raise TokenRefused("the token's key was removed")
        if key is None:
            raise TokenRefused("the token's header is not that of any key")
        if not key.verify(f"{header}.{payload}".encode(), decode_base64url(signature)):
            raise TokenRefused("the signature is wrong")
        claims, said = _claims_of(payload)
        if said.get("iss") != self._issuer or said.get("aud") != self._audience:
            raise TokenRefused("another issuer or audience")
        if max(claims.issued_at, said.get("nbf", 0)) > self._clock() + self._leeway_s:
            raise TokenRefused("the token is not valid yet")
        return claims

    def _is_revoked(self, claims: Claims) -> bool:
        if claims.session_id in self._revoked:
            return True
        return claims.user_epoch < self._revoked.get(claims.user_id, (0, 0.0))[0]

    def set_keys(self, jwks_json: str) -> None:
        """The keys that there are now (a JSON Web Key Set): what others signed is refused at once."""
        keys = _parse_keys(jwks_json)
        with self._lock:
            if not self._keys.keys() <= keys.keys():
                self._cache.clear()
                self._generation += 1
            self._keys = keys

    def key_removed(self, key_id: str, drop_after: float) -> None:
        """What it signed is refused at once, and so it is while a key set has it still."""
        self._revoke(_key_subject(key_id), _EVERY_EPOCH, drop_after)
        with self._lock:
            self._cache.clear()
            self._generation += 1

    def tenant_closed(self, reason: str, destination: str = "") -> None:
        """The tenant takes no calls until it is opened. `reason`: TENANT_FROZEN, or TENANT_MOVED with where to."""
        self._closed = (reason, destination)

    def tenant_opened(self) -> None:
        self._closed = None

    def is_closed(self) -> bool:
        """Whether keys are of no use now."""
        return self._closed is not None

    def session_revoked(self, session_id: str, drop_after: float) -> None:
        self._revoke(session_id, _EVERY_EPOCH, drop_after)

    def user_revoked(self, user_id: str, min_epoch: int, drop_after: float) -> None:
        self._revoke(user_id, min_epoch, drop_after)

    def _revoke(self, subject: str, min_epoch: int, drop_after: float) -> None:
        now = self._clock()
        with self._lock:
            # Said again, it is no news.
            if drop_after <= now or self._revoked.get(subject, (0, 0.0))[0] >= min_epoch:
                return
            if subject not in self._revoked and len(self._revoked) >= self._max_revocations:
                self._revoked = {known: entry for known, entry in self._revoked.items() if entry[1] > now}
                if len(self._revoked) >= self._max_revocations:
                    self._lost_until = max(self._lost_until, drop_after)
                    return
            self._revoked[subject] = (min_epoch, drop_after)

    def drop_expired(self) -> None:
        """Forgets what is of no use any more. Now and then."""
        now = self._clock()
        with self._lock:
            self._revoked = {known: entry for known, entry in self._revoked.items() if entry[1] > now}

    def revocations_known_until(self, moment: float) -> None:
        """Everything that was revoked before `moment` of the watch was told."""
        self._known_until = moment

    def take_keys_wanted(self) -> bool:
        """Whether a token came, since the last call of this, that may be signed by a key that is not known yet."""
        with self._lock:
            wanted, self._keys_wanted = self._keys_wanted, False
            return wanted

    @property
    def max_staleness_s(self) -> float:
        return self._max_staleness_s

    def staleness_s(self) -> float:
        """How long ago it was that revocations were known; inf if they never were."""
        return self._watch() - self._known_until
