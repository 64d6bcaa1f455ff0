"""Calls that are opened by the thousand: unfinished, silent, taken back, never read."""

import time

from tests.fault.attack.attacker import CREATE_SESSION, LAST_STREAM, REFLECTION, TAIL_EVENTS, HeldStreams, attack, field
from tests.support.http2 import wire

# Of grpc.max_public_streams_per_address.
PUBLIC_STREAMS = 100
# Of grpc.request_timeout_ms, and as much again for the server to look.
REQUEST_TIMEOUT_S = 2
# Of grpc.max_transport_bytes.
TRANSPORT_BYTES = 128 << 20
# As large as HTTP/2 has it.
ALL_WINDOW = wire.INITIAL_WINDOW_SIZE.to_bytes(2, "big") + (2**31 - 1).to_bytes(4, "big")

# ServerReflectionRequest.file_containing_symbol: the answer is a file with all that it imports.
QUESTION = wire.message(field(4, b"gatehouse.v1.UserService"))


@attack(least_seconds=6)
def headers_only(under):
    """Calls of a public method that send their headers and nothing else, 900 a second."""
    per_second = 900
    held = HeldStreams(under)
    block = wire.call_headers(CREATE_SESSION)
    begin, opened = time.monotonic(), 0
    connection, stream = None, 1
    while under.going_on():
        if connection is None or connection.closed or stream > LAST_STREAM:
            connection, stream = under.connect(), 1
            if connection is None:
                under.wait(0.1)
                continue
        held.open(connection, stream, block)
        stream += 2
        opened += 1
        held.look()
        under.wait(begin + opened / per_second - time.monotonic())
    left = held.look()
    under.notes.append(f"{opened} calls opened, {left} of them open at the end")
    under.expect(left <= 2 * REQUEST_TIMEOUT_S * per_second, f"calls without a message are ended in time, and {left} were not")
    under.expect_counted("grpc_calls_refused_total", reason="timeout")


@attack(least_seconds=6)
def reflection_streams(under):
    """Ten thousand silent streams of a public method on eleven connections."""
    held = HeldStreams(under)
    held.open_many(under.connect_many(11), 909, wire.call_headers(REFLECTION))
    while under.going_on():
        held.look()
        under.wait(0.1)
    left = held.look()
    under.expect(not left, f"streams whose clients are to speak first are ended, and {left} were not")
    under.expect_counted("grpc_calls_refused_total", reason="timeout")


class Watcher:
    """An administrator who looks at the log, from the honest client's address: whether it is let in."""

    def __init__(self, plan):
        self._connection = wire.Connection(plan["address"])
        self._block = wire.call_headers(TAIL_EVENTS, plan["admin_token"])
        self._stream = 1

    def sees_events(self):
        """Within three seconds."""
        stream, self._stream = self._stream, self._stream + 2
        self._connection.send(wire.frame(wire.HEADERS, wire.END_HEADERS, stream, self._block))
        # TailEventsRequest.from_index = 1: what there is comes at once.
        self._connection.send_data(stream, wire.message(b"\x08\x01"))
        give_up = time.monotonic() + 3
        while time.monotonic() < give_up and not self._connection.closed:
            frames = self._connection.look(wait=0.1)
            if any(one.stream == stream and one.type == wire.DATA and one.payload for one in frames):
                self._connection.send(wire.frame(wire.RESET, 0, stream, wire.CANCEL.to_bytes(4, "big")))
                return True
        return False


@attack()
def public_streams(under):
    """Ten thousand streams of reflection that ask once and are silent then, beside an administrator who tails the log."""
    watcher = Watcher(under.plan)
    held = HeldStreams(under)
    held.open_many(under.connect_many(11), 909, wire.call_headers(REFLECTION), QUESTION)
    looks, seen = 0, 0
    while under.going_on():
        held.look()
        looks += 1
        seen += watcher.sees_events()
        under.wait(0.2)
    left = held.look()
    under.notes.append(f"{left} streams open at the end; TailEvents of an administrator: {seen} of {looks} good")
    under.expect(0 < left <= PUBLIC_STREAMS, f"{PUBLIC_STREAMS} streams are held, and it were {left}")
    under.expect(seen == looks, "TailEvents of an administrator goes through")
    under.expect_refused("RATE_LIMITED")


@attack()
def rapid_reset(under):
    """Calls that are taken back at once, as fast as they go."""
    block, cancel = wire.call_headers(CREATE_SESSION), wire.CANCEL.to_bytes(4, "big")

    def step(connection):
        stream = 1
        while under.going_on() and stream < 2_000_000:
            batch = b"".join(
                wire.frame(wire.HEADERS, wire.END_HEADERS, at, block) + wire.frame(wire.RESET, 0, at, cancel)
                for at in range(stream, stream + 100, 2)
            )
            if not connection.send(batch):
                return
            stream += 100
            connection.look()

    under.repeat(step)
    under.expect_ended("resets", wire.ENHANCE_YOUR_CALM)


@attack(least_seconds=8, grpc_write_timeout_ms=3_000)
def unread_answers(under):
    """3,600 streams that ask for long answers and are never read."""
    block = wire.call_headers(REFLECTION)
    for _ in range(36):
        connection = under.connect(settings=ALL_WINDOW, receive_buffer=4096)
        if connection is None:
            continue
        connection.send(wire.frame(wire.WINDOW_UPDATE, 0, 0, (2**30).to_bytes(4, "big")))
        for stream in range(1, 200, 2):
            # Not send_data, which would read.
            frames = wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block) + wire.frame(wire.DATA, 0, stream, QUESTION * 20)
            if not under.going_on() or not connection.send(frames):
                break
    buffered = 0
    while under.going_on():
        under.wait(0.2)
        buffered = max(buffered, under.now("gatehouse_grpc_buffered_bytes"))
    under.notes.append(f"at most {buffered / 1e6:.0f} MB buffered")
    under.expect(buffered <= TRANSPORT_BYTES, f"{TRANSPORT_BYTES} bytes are buffered at most, and it were {buffered:.0f}")
    under.expect_refused("RATE_LIMITED")
    under.expect_unread_dropped()


ATTACKS = (headers_only, reflection_streams, public_streams, rapid_reset, unread_answers)
