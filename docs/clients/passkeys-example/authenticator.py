"""An authenticator for scripts: tries what a browser does with passkeys, without one.

    authenticator.py KEY [NAME=VALUE]...

Reads the answer of a Start method (JSON, with "optionsJson") and prints the request of the Finish method that follows (JSON, with
"passkeyJson" and the fields given). The private key is in the file KEY, which it makes; anybody who can read it has the passkey. Whose
passkey it is stands in KEY.user. For trying things out: browsers and phones keep theirs where nobody can read them. It needs
python3-cryptography.
"""

import base64
import hashlib
import json
import os
import sys

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = os.environ.get("ORIGIN", "http://localhost:8080")
# Somebody is there, and is known; with a credential in registrations.
PRESENT_AND_VERIFIED = 0x05
WITH_CREDENTIAL = 0x40
NO_MODEL = bytes(16)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def cbor(value):
    """What registrations need of RFC 8949: small integers, bytes and texts, and maps of them."""

    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        return bytes([major << 5 | 25]) + number.to_bytes(2, "big")

    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value)) + value.encode()
    return head(5, len(value)) + b"".join(cbor(name) + cbor(member) for name, member in value.items())


class Authenticator:
    """One passkey, ES256."""

    def __init__(self, path):
        self._user_path = path + ".user"
        if os.path.exists(path):
            with open(path, "rb") as file:
                self._key = serialization.load_pem_private_key(file.read(), None)
        else:
            self._key = ec.generate_private_key(ec.SECP256R1())
            pem = self._key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(pem)
        point = self._key.public_key().public_numbers()
        self._x, self._y = (number.to_bytes(32, "big") for number in (point.x, point.y))
        self._id = hashlib.sha256(self._x).digest()

    def answer(self, options):
        """PublicKeyCredential.toJSON() of what navigator.credentials would give."""
        making = "rp" in options
        rp_id = options["rp"]["id"] if making else options["rpId"]
        client_data = json.dumps(
            {
                "type": "webauthn.create" if making else "webauthn.get",
                "challenge": options["challenge"],
                "origin": ORIGIN,
                "crossOrigin": False,
            }
        ).encode()
        # It does not count: 0 for ever.
        flags = PRESENT_AND_VERIFIED | (WITH_CREDENTIAL if making else 0)
        data = hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + bytes(4)
        if making:
            with open(self._user_path, "w", encoding="ascii") as file:
                file.write(options["user"]["id"])
            data += NO_MODEL + len(self._id).to_bytes(2, "big") + self._id
            data += cbor({1: 2, 3: -7, -1: 1, -2: self._x, -3: self._y})
            response = {"attestationObject": encode(cbor({"fmt": "none", "attStmt": {}, "authData": data}))}
            response["transports"] = ["internal"]
        else:
            signature = self._key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
            with open(self._user_path, encoding="ascii") as file:
                user = file.read()
            response = {"authenticatorData": encode(data), "signature": encode(signature), "userHandle": user}
        response["clientDataJSON"] = encode(client_data)
        credential = {"id": encode(self._id), "rawId": encode(self._id), "type": "public-key", "response": response}
        return {**credential, "clientExtensionResults": {}}


def main():
    options = json.loads(json.load(sys.stdin)["optionsJson"])
    fields = dict(argument.split("=", 1) for argument in sys.argv[2:])
    print(json.dumps({"passkeyJson": json.dumps(Authenticator(sys.argv[1]).answer(options)), **fields}))


if __name__ == "__main__":
    main()
