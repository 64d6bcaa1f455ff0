"""Clients that show certificates: who gets in, and as whom."""

import os
import subprocess
import unittest

import grpc

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.deployment import Deployment


class MutualTlsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def setUp(self):
        self.deployment = Deployment(self, self.postgres)
        self.password = self.deployment.seed_admin()
        self.authority = self.certificate("authority")
        self.server_certificate = self.certificate("localhost", self.authority, "DNS:localhost")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    def certificate(self, name, authority=None, alternative=None):
        """Files of a certificate and its key, signed by `authority` or by itself: (certificate, key)."""
        certificate, key = (os.path.join(self.deployment.folder, name + end) for end in (".pem", ".key"))
        request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
        request += ["-subj", f"/O=Example/CN={name}", "-keyout", key, "-out", certificate]
        if authority:
            request += ["-CA", authority[0], "-CAkey", authority[1]]
        if alternative:
            request += ["-addext", f"subjectAltName={alternative}"]
        self.openssl(*request)
        return certificate, key

    def serve(self, client_auth, *more):
        return self.deployment.serve(
            f"--grpc-tls-certificate-file={self.server_certificate[0]}",
            f"--grpc-tls-key-file={self.server_certificate[1]}",
            f"--grpc-tls-client-ca-file={self.authority[0]}",
            f"--grpc-tls-client-auth={client_auth}",
            *more,
        )

    def client(self, server, shown=None):
        def read(path):
            with open(path, "rb") as file:
                return file.read()

        certificate, key = shown or (None, None)
        credentials = grpc.ssl_channel_credentials(
            read(self.authority[0]), key and read(key), certificate and read(certificate)
        )
        options = [("grpc.ssl_target_name_override", "localhost")]
        client = Client(server.grpc_address, options=options, credentials=credentials)
        self.addCleanup(client.close)
        return client

    def assert_code(self, code, call, **fields):
        with self.assertRaises(CallError) as raised:
            call(**fields)
        self.assertEqual(raised.exception.code, code, raised.exception)

    def test_required_lets_nobody_in_without_one_of_the_authority(self):
        server = self.serve("required")
        shown = self.client(server, self.certificate("anybody", self.authority))
        # It gets as far as the method, which wants to know who it is.
        self.assert_code(grpc.StatusCode.UNAUTHENTICATED, shown.ListUsers)
        self.assert_code(grpc.StatusCode.UNAVAILABLE, self.client(server).ListUsers)
        self.assert_code(
            grpc.StatusCode.UNAVAILABLE, self.client(server, self.certificate("stranger")).ListUsers
        )

    def test_a_certificate_stands_for_a_key_until_that_is_revoked(self):
        first = self.deployment.serve()
        admin = Client(first.grpc_address)
        self.addCleanup(admin.close)
        admin.login("root", self.password)
        keys = [
            admin.CreateApiKey(api_key={"display_name": name, "permissions": ["users.read"]}).api_key.id
            for name in ("billing", "mail")
        ]
        mapping = self.deployment.write(
            "keys", f"{keys[0]} CN=billing,O=Example\n{keys[1]} spiffe://example.org/mail\n"
        )
        server = self.serve("accepted", f"--grpc-tls-client-keys-file={mapping}")
        billing = self.client(server, self.certificate("billing", self.authority))
        mail = self.client(server, self.certificate("mail", self.authority, "URI:spiffe://example.org/mail"))
        other = self.client(server, self.certificate("other", self.authority))
        self.assertEqual([user.username for user in billing.ListUsers().users], ["root"])
        self.assertEqual([user.username for user in mail.ListUsers().users], ["root"])
        self.assert_code(grpc.StatusCode.PERMISSION_DENIED, billing.DeleteUser, user_id=keys[0])
        self.assert_code(grpc.StatusCode.UNAUTHENTICATED, other.ListUsers)
        # None has to be shown, and a token does as well.
        plain = self.client(server)
        self.assert_code(grpc.StatusCode.UNAUTHENTICATED, plain.ListUsers)
        plain.login("root", self.password)
        plain.RevokeApiKey(api_key_id=keys[0])
        self.assert_code(grpc.StatusCode.UNAUTHENTICATED, billing.ListUsers)
        mail.ListUsers()


if __name__ == "__main__":
    unittest.main()
