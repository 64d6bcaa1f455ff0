"""Another token pepper, while servers run."""

import json
import secrets
import unittest
import uuid

from tests.e2e.support import known_secrets, totp
from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.exit_codes import EXIT_USAGE

PEPPER = "GATEHOUSE_AUTH_TOKEN_PEPPER_FILE"
ACCEPTED = "GATEHOUSE_AUTH_ACCEPTED_TOKEN_PEPPER_FILE"


class PepperTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def setUp(self):
        self.deployment = Deployment(self, self.postgres)
        self.deployment.env["GATEHOUSE_AUTH_REMEMBER_DEVICE_S"] = "86400"
        self.password = self.deployment.seed_admin()

    def client(self, server):
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        return client

    def recovery_codes(self, **env):
        """What `keys reseal` tells of them: how many there are, and how many end with the former pepper."""
        self.deployment.env.update(env)
        lines = [json.loads(line) for line in self.deployment.run("keys", "reseal")[0].splitlines()]
        self.assertEqual([(line["secrets"], line["done"]) for line in lines], [("recovery codes", True)])
        return lines[0]["looked_at"], lines[0]["left"]

    def challenge(self, client):
        return client.CreateSession(login="root", password=self.password).challenge.token

    def give_root_an_app(self, client):
        secret = client.EnrollTotp(current_password=self.password).secret
        return client.ConfirmTotp(code=totp.code(secret)).recovery_codes

    def test_it_is_changed_while_servers_run(self):
        old, new = self.deployment.env[PEPPER], self.deployment.secret_file("new_token_pepper")
        before = {PEPPER: old, ACCEPTED: new}
        after = {PEPPER: new, ACCEPTED: old}
        first = self.deployment.serve(env=before)
        admin = self.client(first)
        idle = admin.login("root", self.password).tokens.refresh_token
        refresh = admin.login("root", self.password).tokens.refresh_token
        creation = {"user": {"username": "ada"}, "request_id": str(uuid.uuid4())}
        user = admin.CreateUser(**creation).user
        reset = admin.StartPasswordReset(user_id=user.id).token
        page = admin.ListUsers(page_size=1).next_page_token
        codes = self.give_root_an_app(admin)
        remembered = admin.AnswerChallenge(
            challenge=self.challenge(admin), recovery_code=codes[0], remember_device=True
        )
        challenge = self.challenge(admin)

        # A server that makes everything under the new one already, beside the one that does not.
        second = self.deployment.serve(env=after)
        client = self.client(second)
        refreshed = client.RefreshSession(refresh_token=refresh).tokens
        client.token = refreshed.access_token
        self.assertEqual(client.CreateUser(**creation).user.id, user.id, "the first answer")
        with self.assertRaises(CallError) as another:
            client.CreateUser(user={"username": "bob"}, request_id=creation["request_id"])
        self.assertEqual(another.exception.reason, "REQUEST_ID_REUSED")
        self.assertEqual(len(client.ListUsers(page_size=1, page_token=page).users), 1)
        client.FinishPasswordReset(token=reset, password=known_secrets.remember(secrets.token_urlsafe(24)))
        login = client.CreateSession(login="root", password=self.password, device_token=remembered.device_token)
        self.assertTrue(login.HasField("session"))
        client.token = client.AnswerChallenge(challenge=challenge, recovery_code=codes[1]).tokens.access_token
        with self.assertRaises(CallError) as used:
            client.AnswerChallenge(challenge=challenge, recovery_code=codes[1])
        self.assertEqual(used.exception.reason, "LOGIN_FAILED")
        # And the other way round.
        admin.RefreshSession(refresh_token=refreshed.refresh_token)
        admin.AnswerChallenge(challenge=self.challenge(client), recovery_code=codes[2])

        self.deployment.run("keys", "reseal", code=EXIT_USAGE)
        self.assertEqual(self.recovery_codes(**after), (7, 7))
        codes = client.ReplaceRecoveryCodes(current_password=self.password).recovery_codes
        self.assertEqual(self.recovery_codes(), (10, 0))
        self.assertEqual(self.recovery_codes(**before), (10, 10), "those of the second are told apart either way")
        admin.AnswerChallenge(challenge=self.challenge(admin), recovery_code=codes[0])
        self.assertEqual((first.stop(), second.stop()), (0, 0))

        # From now on the former pepper is good for nothing, and nothing needs it.
        last = self.deployment.serve(env={PEPPER: new, ACCEPTED: ""})
        client = self.client(last)
        client.AnswerChallenge(challenge=self.challenge(client), recovery_code=codes[1])
        with self.assertRaises(CallError) as ended:
            client.RefreshSession(refresh_token=idle)
        self.assertEqual(ended.exception.reason, "REFRESH_TOKEN_INVALID")
        self.assertEqual(last.stop(), 0)

    def test_codes_from_before_the_change_have_no_mark_and_count_as_of_the_former_one(self):
        server = self.deployment.serve()
        admin = self.client(server)
        admin.login("root", self.password)
        codes = self.give_root_an_app(admin)
        self.assertEqual(server.stop(), 0)
        after = {PEPPER: self.deployment.secret_file("new_token_pepper"), ACCEPTED: self.deployment.env[PEPPER]}
        self.assertEqual(self.recovery_codes(**after), (10, 10))
        server = self.deployment.serve()
        client = self.client(server)
        client.AnswerChallenge(challenge=self.challenge(client), recovery_code=codes[0])
        self.assertEqual(self.recovery_codes(), (9, 9))
        self.assertEqual(server.stop(), 0)
