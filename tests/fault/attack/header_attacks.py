"""Header blocks that do not end, or become much more than was sent."""

from tests.fault.attack.attacker import HEALTH_CHECK, LAST_STREAM, attack
from tests.support.http2 import wire

# Of grpc.handshake_timeout_ms, which headers have as well, and for the server to look.
HANDSHAKE_S = 12


@attack()
def hpack_integer(under):
    """An integer of HPACK that never ends, over CONTINUATION frames."""

    def step(connection):
        connection.send(wire.frame(wire.HEADERS, 0, 1, b"\x7f" + b"\xff" * 20))
        for _ in range(400):
            if not connection.send(wire.frame(wire.CONTINUATION, 0, 1, b"\xff")):
                return
        while under.going_on() and connection.send(wire.frame(wire.CONTINUATION, 0, 1, b"\xff")):
            under.wait(0.01)

    under.repeat(step)
    under.expect_ended("header_block", wire.COMPRESSION_ERROR)


@attack()
def large_header(under):
    """One header value of 21 MB, which the decoder does not begin; and one of 60 KB, which it does."""
    part = b"x" * 16_000
    calls = [wire.call_headers(HEALTH_CHECK) + b"\0\x01x" + length for length in (wire.string_length(21_000_000), wire.string_length(60_000))]

    def step(connection):
        connection.send(wire.frame(wire.HEADERS, 0, 1, calls[len(under.connections) % 2]))
        for _ in range(21_000_000 // len(part)):
            if not under.going_on() or not connection.send(wire.frame(wire.CONTINUATION, 0, 1, part)):
                return

    under.repeat(step)
    under.expect_ended("header_block", wire.COMPRESSION_ERROR, wire.ENHANCE_YOUR_CALM)


@attack(least_seconds=17)
def unfinished_headers(under):
    """54 MB of headers that are within the limits and do not end, on 1,800 connections."""
    block = wire.call_headers(HEALTH_CHECK) + wire.encode([("x-more", "x" * 4_900)]) * 6
    first, rest = block[:16_000], block[16_000:]
    for connection in under.connecting(1_800, leaving_s=HANDSHAKE_S):
        connection.send(wire.frame(wire.HEADERS, 0, 1, first) + wire.frame(wire.CONTINUATION, 0, 1, rest))
    while under.going_on():
        under.look_at_all()
        under.wait(0.5)
    under.expect_ended("header_block", wire.ENHANCE_YOUR_CALM)
    under.expect_all_closed()


@attack()
def continuation_flood(under):
    """A header block that goes on in empty frames, as fast as they go."""

    def step(connection):
        connection.send(wire.frame(wire.HEADERS, 0, 1, wire.call_headers(HEALTH_CHECK)))
        while under.going_on() and connection.send(wire.frame(wire.CONTINUATION, 0, 1) * 200):
            connection.look()

    under.repeat(step)
    under.expect_ended("header_block", wire.ENHANCE_YOUR_CALM)


@attack()
def hpack_references(under):
    """Headers of 16 KB that become 48 MB: one of 4,000 bytes in the table of HPACK, and 12,000 times its number."""
    entry = b"\x40" + wire.literal(b"x") + wire.literal(b"x" * 4_000)
    call = wire.call_headers(HEALTH_CHECK) + entry + b"\xbe" * 12_000

    def step(connection):
        stream = 1
        while under.going_on() and not connection.closed and stream <= LAST_STREAM:
            if not connection.send(wire.frame(wire.HEADERS, wire.END_HEADERS | wire.END_STREAM, stream, call)):
                return
            connection.look()
            stream += 2

    under.repeat(step)
    refused = under.counted("gatehouse_grpc_calls_refused_total", reason="metadata_too_large")
    sent_away = under.counted("gatehouse_grpc_connections_ended_total", reason="header_block")
    under.expect(refused + sent_away > 0, "their size counts as it becomes")


ATTACKS = (hpack_integer, large_header, unfinished_headers, continuation_flood, hpack_references)
