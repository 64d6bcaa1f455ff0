"""A client by generated stubs (Python, grpcio): shares no code with the server."""

import grpc
from google.protobuf import message_factory, struct_pb2
from google.rpc import error_details_pb2, status_pb2

from tests.e2e.support import api, known_secrets
from tests.e2e.support.waiting import DEADLINE_S

_DETAILS = (
    error_details_pb2.ErrorInfo,
    error_details_pb2.BadRequest,
    error_details_pb2.RetryInfo,
    error_details_pb2.QuotaFailure,
)


class CallError(AssertionError):
    """A call that failed, its google.rpc details decoded."""

    def __init__(self, method, error):
        self.code = error.code()
        self.message = error.details()
        self.trailers = dict(error.trailing_metadata() or ())
        self.details = {}
        status = status_pb2.Status()
        status.ParseFromString(self.trailers.get("grpc-status-details-bin", b""))
        for packed in status.details:
            for kind in _DETAILS:
                if packed.Is(kind.DESCRIPTOR):
                    detail = kind()
                    packed.Unpack(detail)
                    self.details[kind.DESCRIPTOR.name] = detail
        info = self.details.get("ErrorInfo")
        self.reason = info.reason if info else None
        self.domain = info.domain if info else None
        self.metadata = dict(info.metadata) if info else {}
        super().__init__(f"{method}: {self.code.name} {self.reason}: {self.message}")

    @property
    def fields(self):
        """The fields that BadRequest names."""
        bad = self.details.get("BadRequest")
        return [violation.field for violation in bad.field_violations] if bad else []


class Client:
    """Calls methods by their names: client.CreateUser(user=..., password=...). Close it, or use `with`."""

    def __init__(self, address, token=None, options=(), credentials=None):
        # A channel of its own, not one shared with other clients of the process.
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.initial_reconnect_backoff_ms", 100), *options]
        self._address = address
        if credentials:
            self._channel = grpc.secure_channel(address, credentials, options)
        else:
            self._channel = grpc.insecure_channel(address, options)
        self.token = token
        self._started = []
        self._methods = {}
        for service in api.SERVICES:
            for method in service.methods:
                self._methods[method.name] = (f"/{service.full_name}/{method.name}", method)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._channel.close()

    def with_token(self, token):
        return Client(self._address, token)

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._methods:
            raise AttributeError(name)

        def call(timeout=DEADLINE_S, metadata=(), **fields):
            return self._call(name, fields, timeout, metadata)

        return call

    def _call(self, name, fields, timeout, metadata):
        path, method = self._methods[name]
        request = _message_class(method.input_type)(**fields)
        known_secrets.remember_fields(request)
        streaming = name == "TailEvents"
        make = self._channel.unary_stream if streaming else self._channel.unary_unary
        stub = make(path, request.SerializeToString, _message_class(method.output_type).FromString)
        metadata = list(metadata)
        if self.token:
            metadata.append(("authorization", f"Bearer {self.token}"))
        if streaming:
            return stub(request, timeout=timeout, metadata=metadata)
        try:
            response = stub(request, timeout=timeout, metadata=metadata)
        except grpc.RpcError as error:
            raise CallError(name, error) from None
        known_secrets.remember_fields(response)
        return response

    def start(self, name, timeout=10 * DEADLINE_S, **fields):
        """Starts a unary call without waiting: a grpc.Future. It goes on for longer than `until` waits for anything."""
        path, method = self._methods[name]
        request = _message_class(method.input_type)(**fields)
        known_secrets.remember_fields(request)
        stub = self._channel.unary_unary(path, request.SerializeToString, _message_class(method.output_type).FromString)
        call = stub.future(request, timeout=timeout, metadata=[("authorization", f"Bearer {self.token}")])
        # gRPC cancels a call whose future nobody holds.
        self._started.append(call)
        return call

    def open(self, name, requests, timeout=DEADLINE_S):
        """A stream in both directions: sends what `requests` yields, and yields the answers."""
        path, method = self._methods[name]
        kind = _message_class(method.input_type)
        stub = self._channel.stream_stream(path, kind.SerializeToString, _message_class(method.output_type).FromString)
        metadata = [("authorization", f"Bearer {self.token}")]
        return stub((kind(**fields) for fields in requests), timeout=timeout, metadata=metadata)

    def login(self, username, password, **fields):
        """Logs in and calls with the token from then on; the response."""
        response = self.CreateSession(login=username, password=password, **fields)
        self.token = response.tokens.access_token
        return response


def struct(**fields):
    """A google.protobuf.Struct."""
    made = struct_pb2.Struct()
    made.update(fields)
    return made


_classes = {}


def _message_class(descriptor):
    if descriptor.full_name not in _classes:
        factory = message_factory.MessageFactory(descriptor.file.pool)
        _classes[descriptor.full_name] = factory.GetPrototype(descriptor)
    return _classes[descriptor.full_name]


def refuses_calls(address):
    """Whether a new client gets UNAVAILABLE, as while the server drains."""
    with Client(address) as client:
        try:
            client.GetJwks(timeout=5)
            return False
        except CallError as error:
            return error.code == grpc.StatusCode.UNAVAILABLE
