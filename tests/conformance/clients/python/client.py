"""A client of grpc.testing.TestService by grpcio. What it prints is said in ../README.md."""

import sys
import threading
import traceback

import grpc
from interop import interop_pb2 as pb
from interop import interop_pb2_grpc

PATIENCE_S = 60
STREAMED = [31415, 9, 2653, 58979]


def payload(size):
    return pb.Payload(body=bytes(size))


def sized(request, response):
    return pb.SimpleRequest(payload=payload(request), response_size=response)


def asking(*sizes):
    return pb.StreamingOutputCallRequest(response_parameters=[pb.ResponseParameters(size=size) for size in sizes])


def check(holds, what):
    if not holds:
        raise AssertionError(what)


class Cases:
    """One method for each case."""

    def __init__(self, channel):
        self._channel = channel
        self._stub = interop_pb2_grpc.TestServiceStub(channel)

    def _unary(self, request, response, **options):
        answer = self._stub.UnaryCall(sized(request, response), timeout=PATIENCE_S, **options)
        check(len(answer.payload.body) == response, len(answer.payload.body))

    def _stream_input(self, **options):
        requests = (pb.StreamingInputCallRequest(payload=payload(size)) for size in (27182, 8, 1828, 45904))
        answer = self._stub.StreamingInputCall(requests, timeout=PATIENCE_S, **options)
        check(answer.aggregated_payload_size == 74922, answer)

    def unary(self):
        self._unary(10, 1000)

    def large(self):
        self._unary(1_000_000, 1_000_000)

    def server_streaming(self):
        got = [len(answer.payload.body) for answer in self._stub.StreamingOutputCall(asking(*STREAMED), timeout=PATIENCE_S)]
        check(got == STREAMED, got)

    def client_streaming(self):
        self._stream_input()

    def bidirectional(self):
        answered = threading.Semaphore(1)

        def requests():
            for size in STREAMED:
                answered.acquire()
                yield asking(size)

        got = []
        for answer in self._stub.FullDuplexCall(requests(), timeout=PATIENCE_S):
            got.append(len(answer.payload.body))
            answered.release()
        check(got == STREAMED, got)

    def half_duplex(self):
        answers = self._stub.HalfDuplexCall(iter([asking(1, 2), asking(3)]), timeout=PATIENCE_S)
        got = [len(answer.payload.body) for answer in answers]
        check(got == [1, 2, 3], got)

    def _half_silent(self, timeout):
        """A stream whose first message comes at once and its second one never."""
        request = asking(1, 1)
        request.response_parameters[1].interval_us = 600_000_000
        return self._stub.StreamingOutputCall(request, timeout=timeout)

    def deadline(self):
        code = self._half_silent(0.5).code()
        check(code == grpc.StatusCode.DEADLINE_EXCEEDED, code)

    def cancellation(self):
        stream = self._half_silent(PATIENCE_S)
        next(stream)
        stream.cancel()
        check(stream.code() == grpc.StatusCode.CANCELLED, stream.code())
        self._unary(10, 1000)

    def metadata(self):
        sent = (("x-grpc-test-echo-initial", "first"), ("x-grpc-test-echo-trailing-bin", b"\x00\xab\xff"))
        _, call = self._stub.UnaryCall.with_call(sized(1, 1), timeout=PATIENCE_S, metadata=sent)
        check(sent[0] in [tuple(pair) for pair in call.initial_metadata()], call.initial_metadata())
        check(sent[1] in [tuple(pair) for pair in call.trailing_metadata()], call.trailing_metadata())

    def _failure(self, method, request):
        try:
            method(request, timeout=PATIENCE_S)
        except grpc.RpcError as error:
            return error
        raise AssertionError("it succeeded")

    def error_details(self):
        text = "what failed: \u263a %"
        request = pb.SimpleRequest(response_status=pb.EchoStatus(code=9, message=text))
        error = self._failure(self._stub.UnaryCall, request)
        check((error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, text), error)
        details = dict(error.trailing_metadata())["grpc-status-details-bin"]
        check(b"PROTOCOL_VIOLATION" in details, details)

    def unimplemented(self):
        for name in ("/grpc.testing.TestService/UnimplementedCall", "/grpc.testing.UnimplementedService/UnimplementedCall"):
            method = self._channel.unary_unary(name, pb.Empty.SerializeToString, pb.Empty.FromString)
            error = self._failure(method, pb.Empty())
            check(error.code() == grpc.StatusCode.UNIMPLEMENTED, error)

    def gzip(self):
        self._unary(200_000, 200_000, compression=grpc.Compression.Gzip)
        self._stream_input(compression=grpc.Compression.Gzip)

    def concurrent(self):
        calls = [self._stub.UnaryCall.future(sized(i, 100 * i), timeout=PATIENCE_S) for i in range(100)]
        for i, call in enumerate(calls):
            check(len(call.result().payload.body) == 100 * i, i)


def connect(address, authority):
    if authority is None:
        return grpc.insecure_channel(address)
    with open(authority, "rb") as file:
        credentials = grpc.ssl_channel_credentials(file.read())
    return grpc.secure_channel(address, credentials, [("grpc.ssl_target_name_override", "localhost")])


def main():
    failed = False
    with connect(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None) as channel:
        cases = Cases(channel)
        for name in [name for name in vars(Cases) if not name.startswith("_")]:
            try:
                getattr(cases, name)()
                print("ok", name)
            except Exception as error:  # pylint: disable=broad-except
                failed = True
                traceback.print_exc()
                print(f"FAILED {name}: {error!r}".replace("\n", " "))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
