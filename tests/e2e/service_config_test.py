"""The service config that ships with the docs: names the API as it is, and does in gRPC's own library what the docs say."""

import concurrent.futures
import json
import pathlib
import re
import threading
import unittest

import grpc

from tests.e2e.support import api
from tests.e2e.support.waiting import DEADLINE_S

_CONFIG = pathlib.Path("docs/grpc-service-config.json").read_text("utf-8")
# Done twice they are done once: what reads, and what answers its own repetition alike.
_REPEATABLE = re.compile("(Get|BatchGet|List|Verify|Introspect|Tail|Watch)|RefreshSession$")
_ATTEMPTS = 4


class Server(grpc.GenericRpcHandler):
    """Answers every call with `code`; without one, not before `free` is set. Keeps the names of the methods called."""

    def __init__(self, code=None):
        self.calls = []
        self.free = threading.Event()
        self._code = code

    def service(self, details):
        def answer(_, context):
            self.calls.append(details.method.rpartition("/")[2])
            if self._code:
                context.abort(self._code, "not now")
            self.free.wait(DEADLINE_S)
            return b""

        return grpc.unary_unary_rpc_method_handler(answer)


def call(handler, method, config=_CONFIG):
    """The code with which a call of UserService ends that a client with the config makes once."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool, handlers=(handler,))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        options = [("grpc.service_config", config), ("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
            made = channel.unary_unary(f"/gatehouse.v1.UserService/{method}").future(b"", wait_for_ready=True)
            made.exception(DEADLINE_S)
        handler.free.set()
        server.stop(None).wait(DEADLINE_S)
    return made.code()


class ServiceConfigTest(unittest.TestCase):
    def test_what_may_be_repeated_is_retried_and_nothing_else(self):
        retried = {
            (name["service"], name.get("method"))
            for entry in json.loads(_CONFIG)["methodConfig"]
            if "retryPolicy" in entry
            for name in entry["name"]
        }
        self.assertEqual(
            retried,
            {
                (service.full_name, method.name)
                for service in api.SERVICES
                for method in service.methods
                if _REPEATABLE.match(method.name)
            },
        )

    def test_every_service_has_a_deadline(self):
        bounded = [
            name["service"]
            for entry in json.loads(_CONFIG)["methodConfig"]
            if "timeout" in entry
            for name in entry["name"]
            if "method" not in name
        ]
        self.assertCountEqual(bounded, [service.full_name for service in api.SERVICES])

    def test_a_read_is_tried_again_while_unavailable(self):
        server = Server(grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(call(server, "GetUser"), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(server.calls, ["GetUser"] * _ATTEMPTS)

    def test_a_change_is_tried_once(self):
        server = Server(grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(call(server, "CreateUser"), grpc.StatusCode.UNAVAILABLE)
        self.assertEqual(server.calls, ["CreateUser"])

    def test_a_refusal_is_not_repeated(self):
        server = Server(grpc.StatusCode.PERMISSION_DENIED)
        self.assertEqual(call(server, "GetUser"), grpc.StatusCode.PERMISSION_DENIED)
        self.assertEqual(server.calls, ["GetUser"])

    def test_a_call_without_a_deadline_has_one(self):
        shorter = _CONFIG.replace('"15s"', '"0.2s"')
        self.assertNotEqual(shorter, _CONFIG)
        for method in ("GetUser", "CreateUser"):
            with self.subTest(method):
                self.assertEqual(call(Server(), method, shorter), grpc.StatusCode.DEADLINE_EXCEEDED)
