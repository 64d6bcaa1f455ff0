"""Certificates for a server on this machine."""

import collections
import datetime
import ipaddress
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.e2e.support import scratch

Files = collections.namedtuple("Files", "authority certificate key")


def make_certificates(folder):
    """PEM files of an authority and of a server "localhost", 127.0.0.1, which it vouches for."""
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _sign(_name("test authority"), authority_key, _name("test authority"), authority_key, is_authority=True)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign(_name("localhost"), key, authority.subject, authority_key, is_authority=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Files(
        scratch.write_private(os.path.join(folder, "authority.pem"), authority.public_bytes(pem).decode()),
        scratch.write_private(os.path.join(folder, "certificate.pem"), certificate.public_bytes(pem).decode()),
        scratch.write_private(os.path.join(folder, "key.pem"), private.decode()),
    )


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _sign(subject, key, issuer, issuer_key, is_authority):
    now = datetime.datetime.utcnow()
    hour = datetime.timedelta(hours=1)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - hour)
        .not_valid_after(now + hour)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
