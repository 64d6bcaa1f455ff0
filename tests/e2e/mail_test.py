"""Mails of the real program, to a real mail server: over TLS, and what a kill -9 in the middle makes of them."""

import os
import subprocess
import unittest

from tests.e2e.support import known_secrets
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.gatehouse import run
from tests.e2e.support.mail_server import MailServer
from tests.e2e.support.waiting import until

PAGE = "https://acme.example/{kind}?token={token}"


class MailTest(unittest.TestCase):
    def setUp(self):
        self.deployment = Deployment(self, pg.Postgres(self))
        self.password = self.deployment.seed_admin()

    def use(self, mail_server, **settings):
        self.deployment.env.update(
            GATEHOUSE_MAIL_SERVER=mail_server.address,
            GATEHOUSE_MAIL_FROM="gatehouse@example.com",
            GATEHOUSE_MAIL_PASSWORD_RESET_URL=PAGE.replace("{kind}", "reset"),
            GATEHOUSE_MAIL_MAGIC_LINK_URL=PAGE.replace("{kind}", "login"),
            **settings,
        )

    def certificate(self, name):
        """(certificate, key), signed by itself, for an IP address."""
        certificate, key = (os.path.join(self.deployment.folder, name + end) for end in (".pem", ".key"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
            + ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True,
            capture_output=True,
        )
        return certificate, key

    def client(self, server):
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        return client

    def add_user(self, server):
        admin = self.client(server)
        admin.login("root", self.password)
        admin.CreateUser(user={"username": "grace", "email": "grace@example.com"})

    def test_a_forgotten_password_over_tls_with_a_login(self):
        certificate, key = self.certificate("mail")
        login = known_secrets.remember("correct-horse-battery")
        mail_server = MailServer(
            self, "--tls", "starttls", "--certificate", certificate, "--key", key, "--login", f"gatehouse:{login}"
        )
        self.use(
            mail_server,
            GATEHOUSE_MAIL_CA_FILE=certificate,
            GATEHOUSE_MAIL_USERNAME="gatehouse",
            GATEHOUSE_MAIL_PASSWORD_FILE=self.deployment.write("smtp-password", login + "\n"),
        )
        server = self.deployment.serve()
        self.add_user(server)
        nobody = self.client(server)
        for name in ("nobody", "grace"):
            nobody.RequestPasswordReset(login=name)
        mail = mail_server.next_mail()
        self.assertEqual((mail["to"], mail["tls"], mail["login"]), (["grace@example.com"], True, True))
        until(lambda: self.deployment.sql("SELECT string_agg(state::text, ' ') FROM gatehouse.mail") == "3", "it was sent")
        nobody.FinishPasswordReset(token=mail_server.token_of(mail), password=known_secrets.remember("a ship in a harbour"))
        nobody.login("grace", "a ship in a harbour")
        nobody.RequestMagicLink(login="grace")
        link = mail_server.token_of(mail_server.next_mail())
        self.assertEqual(list(nobody.FinishMagicLink(token=link).session.amr), ["mca"])
        with self.assertRaises(CallError):
            nobody.FinishMagicLink(token=link)
        self.assertEqual(mail_server.untold(), 0)
        server.stop()
        # What it wrote has no secret in it.
        server.check_output()

    def test_a_mail_whose_sender_was_killed_comes_again_under_the_same_id(self):
        mail_server = MailServer(self)
        self.use(mail_server, GATEHOUSE_MAIL_TLS="none")
        server = self.deployment.serve()
        self.add_user(server)
        mail_server.tell("hold")
        self.client(server).RequestPasswordReset(login="grace")
        first = mail_server.next_mail()
        mail_server.wait_until_held()
        server.kill9()
        mail_server.tell("release")
        # Instead of waiting for the end of the lease.
        self.deployment.sql("UPDATE gatehouse.mail SET lease_until = now() - interval '1 s'")
        again = self.deployment.serve()
        second = mail_server.next_mail()
        self.assertEqual(second["headers"]["Message-ID"], first["headers"]["Message-ID"])
        until(lambda: self.deployment.sql("SELECT state FROM gatehouse.mail") == "3", "it was sent")
        self.client(again).FinishPasswordReset(
            token=mail_server.token_of(second), password=known_secrets.remember("a ship in a harbour")
        )

    def test_a_server_that_comes_back_gets_what_waits(self):
        mail_server = MailServer(self)
        self.use(mail_server, GATEHOUSE_MAIL_TLS="none")
        mail_server.tell("reply mail 421 4.3.2 Closing")
        server = self.deployment.serve()
        self.add_user(server)
        self.client(server).RequestPasswordReset(login="grace")
        until(lambda: self.deployment.sql("SELECT error_class FROM gatehouse.mail") == "sender", "it was tried")
        server.stop()
        mail_server.tell("reply mail")
        self.deployment.sql("UPDATE gatehouse.mail SET due_time = now()")
        self.deployment.serve()
        self.assertEqual(mail_server.next_mail()["to"], ["grace@example.com"])

    def test_settings_that_cannot_work_stop_the_start(self):
        self.use(MailServer(self))
        for settings, wrong in (
            ({"GATEHOUSE_MAIL_FROM": "nobody"}, "mail.from"),
            ({"GATEHOUSE_MAIL_TLS": "none", "GATEHOUSE_MAIL_SERVER": "192.0.2.1:25"}, "mail.tls"),
            ({"GATEHOUSE_MAIL_TEMPLATE_DIR": "/nowhere"}, "mail.template_dir"),
            ({"GATEHOUSE_MAIL_INVITATION_URL": "https://example.com"}, "mail.invitation_url"),
        ):
            done = run("serve", env={**self.deployment.env, **settings})
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(wrong, done.stderr)


if __name__ == "__main__":
    unittest.main()
