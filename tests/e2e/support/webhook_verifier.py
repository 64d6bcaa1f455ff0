"""Verifies webhooks, written from the text of Standard Webhooks 1.0.0 and of nothing else.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import time

# The specification leaves the tolerance to the receiver; its libraries take five minutes.
TOLERANCE_S = 300


class Rejected(Exception):
    """The request is not from who knows the secret, or not fresh."""


def verify(secret, headers, body, now=None):
    """Raises Rejected unless `body` (bytes) was signed with `secret` for the headers, names in lower case."""
    try:
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        signatures = headers["webhook-signature"].split(" ")
    except KeyError as missing:
        raise Rejected(f"no header {missing}") from None
    if not timestamp.isdigit() or abs((now or time.time()) - int(timestamp)) > TOLERANCE_S:
        raise Rejected(f"timestamp {timestamp} is not a time near now")
    if not secret.startswith("whsec_"):
        raise ValueError("the secret does not begin with whsec_")
    key = base64.b64decode(secret[len("whsec_") :], validate=True)
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    for signature in signatures:
        version, _, value = signature.partition(",")
        if version == "v1" and hmac.compare_digest(value, expected):
            return
    raise Rejected("no signature matches")
