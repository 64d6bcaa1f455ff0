"""One-time tokens as the server makes them (auth/token/one_time_token.h): of those that it does not know any more."""

import base64
import hashlib
import hmac
import os

RESET, VERIFICATION, MAGIC_LINK = 1, 2, 3


def _mac(key, message):
    return hmac.new(key, message, hashlib.sha256).digest()


def make(pepper, purpose, tenant_id, user_id, nonce=None):
    """A token with the server's MAC. `pepper`: the bytes of auth.token_pepper_file; ids are uuid.UUID."""
    body = bytes([1, purpose]) + tenant_id.bytes + user_id.bytes + (nonce or os.urandom(16))
    # HKDF without a salt, of one block.
    key = _mac(_mac(bytes(32), pepper), b"gatehouse one-time token v1" + user_id.bytes + b"\x01")
    return "gh_ot_" + base64.urlsafe_b64encode(body + _mac(key, body)[:16]).decode().rstrip("=")
