"""The main job, with grpcurl: what a person does in the first five minutes, on a fresh `gatehouse dev`."""

import json
import uuid

from tests.e2e.support import known_secrets
from tests.e2e.support.grpcurl import Grpcurl, GrpcurlError
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.server_case import DevServerCase
from tests.e2e.support.waiting import until

PASSWORD = known_secrets.remember("lovelace-" + uuid.uuid4().hex)


class MainJobTest(DevServerCase):
    def setUp(self):
        self.curl = Grpcurl(self.server.grpc_address)
        self.admin_curl = self.login("admin", known_secrets.DEMO_PASSWORD)[0]

    def login(self, username, password):
        answer = self.curl.call("SessionService/CreateSession", {"login": username, "password": password})
        return self.curl.with_token(answer["tokens"]["accessToken"]), answer

    def test_main_job(self):
        receiver = Receiver(self)
        endpoint = self.admin_curl.call(
            "WebhookService/CreateEndpoint", {"endpoint": {"url": receiver.url, "event_types": ["user.*", "session.*"]}}
        )

        user = self.admin_curl.call(
            "UserService/CreateUser",
            {"user": {"username": "ada", "email": "ada@example.com", "role": "viewer"}, "password": PASSWORD},
        )["user"]
        ada, answer = self.login("ada", PASSWORD)
        me = ada.call("UserService/GetUser", {"user_id": user["id"]})["user"]
        self.assertEqual(me["username"], "ada")

        # The audit entry that committed with the user, and the webhook of the same event.
        entry = until(
            lambda: self.admin_curl.call(
                "AuditService/ListEvents", {"filter": f'type = "user.created" AND target_id = "{user["id"]}"'}
            ).get("events"),
            "the audit entry",
        )[0]
        self.assertEqual(entry["outcome"], "OUTCOME_SUCCESS")
        self.assertEqual(entry["actor"]["label"], "admin")
        webhook = receiver.wait_for(lambda r: r.id == entry["id"], "the webhook of the user")
        webhook.verify(endpoint["secret"])
        self.assertEqual(webhook.json["type"], "user.created")
        self.assertEqual(webhook.json["data"]["targets"][0]["id"], user["id"])
        self.assertNotIn(PASSWORD, webhook.body.decode())

        # Logout takes effect at once: the very next call.
        ended = ada.call("SessionService/RevokeSession", {})["session"]
        self.assertEqual(ended["state"], "SESSION_STATE_REVOKED")
        with self.assertRaises(GrpcurlError) as refused:
            ada.call("UserService/GetUser", {"user_id": user["id"]})
        self.assertEqual(refused.exception.code, "Unauthenticated")
        revoked = receiver.wait_for(
            lambda r: r.json["type"] == "session.revoked" and ended["id"] in json.dumps(r.json), "the logout's webhook"
        )
        revoked.verify(endpoint["secret"])
        self.assertEqual(answer["session"]["id"], ended["id"])

    def test_reflection_and_health_need_no_token(self):
        self.assertTrue(
            {
                "gatehouse.v1.UserService",
                "gatehouse.v1.SessionService",
                "gatehouse.v1.AuditService",
                "gatehouse.v1.WebhookService",
                "grpc.health.v1.Health",
            }
            <= set(self.curl.list())
        )
        self.assertIn("gatehouse.v1.UserService.CreateUser", self.curl.list("gatehouse.v1.UserService"))
        for service in ("", "gatehouse.v1.UserService"):
            status = self.curl.call("grpc.health.v1.Health/Check", {"service": service})
            self.assertEqual(status["status"], "SERVING")

    def test_a_call_without_token_is_refused_with_a_reason(self):
        with self.assertRaises(GrpcurlError) as refused:
            self.curl.call("UserService/ListUsers", {})
        self.assertEqual(refused.exception.code, "Unauthenticated")
        self.assertIn("UNAUTHENTICATED", refused.exception.text)

    def test_demo_users_have_their_roles(self):
        viewer, _ = self.login("viewer", known_secrets.DEMO_PASSWORD)
        with self.assertRaises(GrpcurlError) as refused:
            viewer.call("UserService/CreateUser", {"user": {"username": "by-viewer"}})
        self.assertEqual(refused.exception.code, "PermissionDenied")
        analyst, _ = self.login("analyst", known_secrets.DEMO_PASSWORD)
        self.assertTrue(until(lambda: analyst.call("AuditService/ListEvents", {}).get("events"), "events"))
