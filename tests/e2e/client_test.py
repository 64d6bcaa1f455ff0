"""The main job and its error details by generated stubs, as services use the server."""

import uuid

import grpc
from gatehouse.v1 import audit_pb2, session_pb2, user_pb2
from google.protobuf import json_format

from tests.e2e.support import known_secrets
from tests.e2e.support.client import CallError, Client, struct
from tests.e2e.support.http_client import get, get_json
from tests.e2e.support.receiver import Receiver
from tests.e2e.support.server_case import DevServerCase
from tests.e2e.support.waiting import until

GRACE_S = 1


def new_name():
    return "user-" + uuid.uuid4().hex[:12]


def new_password():
    return known_secrets.remember("pw-" + uuid.uuid4().hex)


class ClientTest(DevServerCase):
    flags = (f"--auth-refresh-grace-s={GRACE_S}", "--grpc-gzip-lists-from-bytes=256")

    def create_user(self, **fields):
        """A new viewer; the user and its password."""
        password = new_password()
        user = self.admin().CreateUser(user={"username": new_name(), **fields}, password=password).user
        return user, password

    def assert_error(self, call, code, reason):
        with self.assertRaises(CallError) as raised:
            call()
        error = raised.exception
        self.assertEqual((error.code, error.reason, error.domain), (code, reason, "gatehouse"), error)
        return error

    def test_main_job(self):
        admin = self.admin()
        receiver = Receiver(self)
        endpoint = admin.CreateEndpoint(endpoint={"url": receiver.url, "event_types": ["user.created"]})
        user, password = self.create_user()
        caller = self.client()
        login = caller.login(user.username, password)
        self.assertEqual(login.session.user_id, user.id)
        self.assertEqual(caller.GetUser(user_id=user.id).user.username, user.username)
        webhook = receiver.wait_for(lambda r: r.json["data"]["targets"][0]["id"] == user.id)
        webhook.verify(endpoint.secret)
        event = admin.GetEvent(event_id=webhook.id).event
        self.assertEqual(event.type, "user.created")
        self.assertGreater(event.index, 0)
        self.assertEqual(len(event.leaf_hash), 32)

        self.assertTrue(admin.VerifySession(token=caller.token).active)
        caller.RevokeSession()
        self.assert_error(lambda: caller.GetUser(user_id=user.id), grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED")
        self.assertFalse(admin.VerifySession(token=caller.token).active)

    def test_a_list_is_the_same_with_and_without_compression(self):
        names = {self.create_user()[0].username for _ in range(20)}
        admin = self.admin()
        identity_alone = [("grpc.compression_enabled_algorithms_bitset", 1)]
        with Client(self.server.grpc_address, admin.token, options=identity_alone) as plain:
            listed = [user.username for user in admin.ListUsers(page_size=100).users]
            self.assertEqual(listed, [user.username for user in plain.ListUsers(page_size=100).users])
        self.assertLessEqual(names, set(listed))

    def test_errors_carry_details(self):
        admin = self.admin()
        user, _ = self.create_user()
        error = self.assert_error(
            lambda: admin.CreateUser(user={"username": user.username.upper()}),
            grpc.StatusCode.ALREADY_EXISTS,
            "USERNAME_TAKEN",
        )
        self.assertTrue(error.trailers.get("x-request-id"))
        error = self.assert_error(
            lambda: admin.CreateUser(user={"username": "no spaces", "email": "nobody"}),
            grpc.StatusCode.INVALID_ARGUMENT,
            "INVALID_FIELD",
        )
        self.assertEqual(sorted(error.fields), ["user.email", "user.username"])
        self.assert_error(
            lambda: admin.CreateUser(user={"username": new_name()}, password="short"),
            grpc.StatusCode.INVALID_ARGUMENT,
            "PASSWORD_POLICY",
        )
        self.assert_error(
            lambda: admin.GetUser(user_id=str(uuid.uuid4())), grpc.StatusCode.NOT_FOUND, "USER_NOT_FOUND"
        )
        error = self.assert_error(
            lambda: admin.GetUser(user_id="not-a-uuid"), grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
        )
        self.assertEqual(error.fields, ["user_id"])

    def test_bad_input_is_named_and_changes_nothing(self):
        admin = self.admin()
        user, _ = self.create_user(bio="before")
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        self.assert_error(
            lambda: admin.UpdateUser(user_id=user.id, user={"bio": "after"}, update_mask={"paths": ["bio", "biography"]}),
            invalid,
            "UNKNOWN_FIELD",
        )
        self.assert_error(
            lambda: admin.UpdateUser(user_id=user.id, user={"bio": "x" * 2001}, update_mask={"paths": ["bio"]}),
            invalid,
            "INVALID_FIELD",
        )
        self.assert_error(
            lambda: admin.UpdateUser(user_id=user.id, user={"bio": "x", "etag": '"old"'}, update_mask={"paths": ["bio"]}),
            grpc.StatusCode.ABORTED,
            "ETAG_MISMATCH",
        )
        self.assertEqual(admin.GetUser(user_id=user.id).user.bio, "before")
        self.assert_error(lambda: admin.ListUsers(page_size=-1), invalid, "INVALID_FIELD")
        self.assert_error(lambda: admin.ListUsers(filter='bio = "x"'), invalid, "INVALID_FILTER")

    def test_page_tokens_are_bound_to_their_query(self):
        admin = self.admin()
        for _ in range(3):
            self.create_user()
        first = admin.ListUsers(page_size=2)
        self.assertEqual(len(first.users), 2)
        second = admin.ListUsers(page_size=2, page_token=first.next_page_token)
        self.assertFalse({u.id for u in first.users} & {u.id for u in second.users})
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        for bad in (
            {"page_token": first.next_page_token, "filter": 'role = "viewer"'},
            {"page_token": first.next_page_token[:-2] + "zz"},
            {"page_token": "made up"},
        ):
            self.assert_error(lambda bad=bad: admin.ListUsers(page_size=2, **bad), invalid, "INVALID_PAGE_TOKEN")

    def test_a_request_that_is_not_utf8_is_refused(self):
        admin = self.admin()
        request = user_pb2.CreateUserRequest(user={"username": "AAAA"}).SerializeToString().replace(b"AAAA", b"\xff\xfe\xfd\xfc")
        with grpc.insecure_channel(self.server.grpc_address) as channel:
            call = channel.unary_unary("/gatehouse.v1.UserService/CreateUser")
            with self.assertRaises(grpc.RpcError) as raised:
                call(request, timeout=20, metadata=[("authorization", "Bearer " + admin.token)])
        self.assertEqual(CallError("CreateUser", raised.exception).reason, "MALFORMED_REQUEST")

    def test_a_user_agent_of_any_bytes_stops_no_call_and_no_event(self):
        user, password = self.create_user()
        for agent in (b"agent\xff\xfe", b"a" * 2000):
            with Client(self.server.grpc_address, options=[("grpc.primary_user_agent", agent)]) as caller:
                failed = lambda: caller.CreateSession(login=user.username, password="wrong")  # noqa: E731
                self.assert_error(failed, grpc.StatusCode.UNAUTHENTICATED, "LOGIN_FAILED")
                session = caller.login(user.username, password).session
                self.assertLessEqual(len(session.user_agent), 512)
                self.assertTrue(session.user_agent.isascii(), session.user_agent)
                caller.RevokeSession()

    def test_a_retry_with_the_same_request_id_changes_nothing_more(self):
        admin = self.admin()
        request_id = str(uuid.uuid4())
        request = {"user": {"username": new_name()}, "request_id": request_id}
        first = admin.CreateUser(**request)
        self.assertEqual(admin.CreateUser(**request), first)
        events = until(lambda: admin.ListEvents(filter=f'target_id = "{first.user.id}"').events, "the event")
        self.assertEqual([event.type for event in events], ["user.created"])
        self.assert_error(
            lambda: admin.CreateUser(user={"username": new_name()}, request_id=request_id),
            grpc.StatusCode.INVALID_ARGUMENT,
            "REQUEST_ID_REUSED",
        )
        # A secret is shown once, not again to whoever knows the id of the request.
        endpoint = {"endpoint": {"url": "http://127.0.0.1:9/", "event_types": ["none.*"]}, "request_id": str(uuid.uuid4())}
        shown = admin.CreateEndpoint(**endpoint)
        again = admin.CreateEndpoint(**endpoint)
        self.assertEqual((bool(shown.secret), again.secret, again.endpoint.id), (True, "", shown.endpoint.id))

    def test_every_login_failure_looks_the_same(self):
        user, _ = self.create_user()
        disabled, password = self.create_user()
        self.admin().UpdateUser(
            user_id=disabled.id,
            user={"state": user_pb2.USER_STATE_DISABLED},
            update_mask={"paths": ["state"]},
        )
        seen = set()
        for name, secret in ((user.username, new_password()), (new_name(), new_password()), (disabled.username, password)):
            error = self.assert_error(
                lambda name=name, secret=secret: self.client().CreateSession(login=name, password=secret),
                grpc.StatusCode.UNAUTHENTICATED,
                "LOGIN_FAILED",
            )
            seen.add((error.message, tuple(error.metadata.items())))
        self.assertEqual(len(seen), 1, seen)

    def test_refresh_rotates_repeats_within_grace_and_ends_a_stolen_session(self):
        user, password = self.create_user()
        caller = self.client()
        old = caller.login(user.username, password).tokens
        new = caller.RefreshSession(refresh_token=old.refresh_token).tokens
        self.assertNotEqual(new.refresh_token, old.refresh_token)
        # A client that lost the answer asks again, and gets the same one.
        repeated = caller.RefreshSession(refresh_token=old.refresh_token).tokens
        self.assertEqual(repeated.refresh_token, new.refresh_token)
        newest = caller.RefreshSession(refresh_token=new.refresh_token).tokens

        # Past the grace the old token can only be a stolen copy: the whole session ends.
        refused = grpc.StatusCode.UNAUTHENTICATED
        invalid = "REFRESH_TOKEN_INVALID"

        def reuse_is_noticed():
            try:
                caller.RefreshSession(refresh_token=old.refresh_token)
                return False
            except CallError as error:
                return error.reason == invalid

        until(reuse_is_noticed, "the reuse was noticed")
        self.assert_error(lambda: caller.RefreshSession(refresh_token=newest.refresh_token), refused, invalid)
        thief = self.client(newest.access_token)
        self.assert_error(lambda: thief.GetUser(user_id=user.id), refused, "UNAUTHENTICATED")
        events = until(
            lambda: self.admin().ListEvents(filter='type = "session.refresh_token_reused"').events, "the event of the theft"
        )
        self.assertIn(user.id, json_format.MessageToJson(events[0]))

    def test_tail_streams_every_event_in_order(self):
        admin = self.admin()
        count = 20
        first = admin.RecordEvent(event={"type": "e2e.first"}, wait=audit_pb2.RecordEventRequest.WAIT_SEQUENCED).event
        stream = admin.TailEvents(from_index=first.index)
        self.addCleanup(stream.cancel)
        sent = [admin.RecordEvent(event={"type": "e2e.tailed", "details": struct(n=n)}).event.id for n in range(count)]
        received = []
        last = first.index - 1
        for message in stream:
            if message.HasField("event"):
                self.assertEqual(message.event.index, last + 1)
                last = message.event.index
                received.append(message.event)
            if len([event for event in received if event.type == "e2e.tailed"]) == count:
                break
        self.assertEqual([event.id for event in received if event.type == "e2e.tailed"], sent)
        self.assertEqual(received[0].id, first.id)

    def test_tail_sends_only_the_types_asked_for(self):
        admin = self.admin()
        first = admin.RecordEvent(event={"type": "e2e.begin"}, wait=audit_pb2.RecordEventRequest.WAIT_SEQUENCED).event
        admin.RecordEvent(event={"type": "other.thing"})
        wanted = admin.RecordEvent(event={"type": "wanted.thing"}).event
        stream = admin.TailEvents(from_index=first.index, types=["wanted.*"])
        self.addCleanup(stream.cancel)
        event = next(message.event for message in stream if message.HasField("event"))
        self.assertEqual(event.id, wanted.id)

    def test_a_session_keeps_context_and_thread(self):
        user, password = self.create_user()
        caller = self.client()
        session = caller.login(user.username, password, label="laptop", thread_id="thread-1").session
        updated = caller.UpdateSession(
            session_id=session.id,
            session=session_pb2.Session(context=struct(step=3), thread_id="thread-2"),
            update_mask={"paths": ["context", "thread_id"]},
        ).session
        self.assertEqual((updated.label, updated.thread_id, updated.context["step"]), ("laptop", "thread-2", 3))
        self.assertEqual([s.id for s in caller.ListSessions(thread_id="thread-2").sessions], [session.id])

    def test_an_api_key_works_until_it_is_revoked(self):
        admin = self.admin()
        created = admin.CreateApiKey(api_key={"display_name": "billing", "permissions": ["sessions.verify"]})
        service = self.client(created.key)
        self.assertTrue(service.VerifySession(token=admin.token).active)
        self.assert_error(service.ListUsers, grpc.StatusCode.PERMISSION_DENIED, "PERMISSION_DENIED")
        admin.RevokeApiKey(api_key_id=created.api_key.id)
        self.assert_error(
            lambda: service.VerifySession(token=admin.token), grpc.StatusCode.UNAUTHENTICATED, "UNAUTHENTICATED"
        )

    def test_deliveries_show_what_was_sent(self):
        admin = self.admin()
        receiver = Receiver(self)
        endpoint = admin.CreateEndpoint(endpoint={"url": receiver.url, "event_types": ["order.*"]}).endpoint
        event_id = admin.PublishEvent(type="order.paid", data=struct(order=7)).event_id
        webhook = receiver.wait_for(lambda r: r.id == event_id)
        self.assertEqual(webhook.json["data"], {"order": 7})
        delivery = until(lambda: admin.ListDeliveries(endpoint_id=endpoint.id).deliveries, "the delivery")[0]
        self.assertEqual((delivery.event_id, delivery.attempts[0].status_code), (event_id, 204))

    def test_events_of_an_ordering_key_arrive_in_order(self):
        admin = self.admin()
        receiver = Receiver(self)
        admin.CreateEndpoint(endpoint={"url": receiver.url, "event_types": ["ticket.*"], "max_in_flight": 16})
        for n in range(20):
            admin.PublishEvent(type="ticket.changed", data=struct(n=n), ordering_key="ticket-7")
        receiver.wait_for(lambda r: r.json["data"] == {"n": 19})
        self.assertEqual([r.json["data"]["n"] for r in receiver.requests], list(range(20)))

    def test_the_public_keys_of_an_endpoint_are_the_same_over_http_and_grpc(self):
        admin = self.admin()
        endpoint = admin.CreateEndpoint(
            endpoint={"url": "http://127.0.0.1:9/", "event_types": ["never.*"], "signature_scheme": "SIGNATURE_SCHEME_V1A"}
        ).endpoint
        path = "/.well-known/webhook-keys/" + endpoint.id
        until(lambda: get(self.server.http_address, path)[0] == 200, "the public keys")
        (shown,) = get_json(self.server.http_address, path)["keys"]
        (key,) = admin.GetPublicKeys(endpoint_id=endpoint.id).keys
        self.assertEqual((shown["id"], shown["public_key"]), (key.id, key.public_key))
        self.assertEqual(set(shown), {"id", "scheme", "public_key", "create_time"})
        unknown = get(self.server.http_address, "/.well-known/webhook-keys/" + str(uuid.uuid4()))
        self.assertEqual(unknown, get(self.server.http_address, "/.well-known/nothing"))

    def test_jwks_is_the_same_over_http_and_grpc(self):
        keys = get_json(self.server.http_address, "/.well-known/jwks.json")["keys"]
        self.assertTrue(keys)
        self.assertEqual(keys, json_format.json.loads(self.client().GetJwks().jwks_json)["keys"])
        self.assertFalse([key for key in keys if "d" in key], "a private key is published")
