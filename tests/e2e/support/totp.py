"""An authenticator app (RFC 6238)."""

import base64
import hashlib
import hmac
import struct
import time

_STEP_S = 30


def code(secret):
    """What the app shows now; `secret` as people type it in, in Base32."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // _STEP_S), hashlib.sha1).digest()
    at = digest[-1] & 15
    number = struct.unpack(">I", digest[at : at + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"
