"""Messages that are too large, become too large, cost too much to read, or are none."""

import gzip
import time
import zlib

from tests.fault.attack.attacker import (
    CREATE_SESSION,
    CREATE_USER,
    HEALTH_CHECK,
    RECORD_EVENT,
    UPDATE_USER,
    VERIFY_SESSION,
    HeldStreams,
    attack,
    field,
)
from tests.support.http2 import wire

# Of grpc.max_public_message_bytes; and what any other method may take at most.
PUBLIC_BYTES = 16 << 10
MOST_BYTES = 4 << 20
GZIP = ("grpc-encoding", "gzip")


def zeros(megabytes):
    """As many zeros as gzip, without the end: who gets there has lost already."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    begin, again = (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return begin + again * (megabytes - 1)


def _compressed(body):
    return wire.message(gzip.compress(body, 9), flags=1)


@attack()
def large_messages(under):
    """Messages that say that they are larger than the method takes, compressed and not: up to 1 MB, of which a window's worth comes."""
    bodies = [wire.message(zeros(55), flags=1), wire.message(zeros(800), flags=1), wire.message(bytes(60_000))]
    under.repeat_calls([(wire.call_headers(method, more=[GZIP]), body) for body in bodies for method in (HEALTH_CHECK, CREATE_SESSION)])
    under.expect_refused("MESSAGE_TOO_LARGE")
    under.expect_kept()


@attack()
def gzip_bomb(under):
    """Messages to public methods that are as large as these take, and inflate to a thousand times as much."""
    bomb = zeros(15)
    if len(bomb) > PUBLIC_BYTES:
        raise ValueError(f"{len(bomb)} bytes are refused before they are inflated")
    headers = [wire.call_headers(method, more=[GZIP]) for method in (HEALTH_CHECK, CREATE_SESSION)]
    under.repeat_calls([(block, wire.message(bomb, flags=1)) for block in headers])
    under.expect_refused("MESSAGE_TOO_LARGE")
    under.expect_kept()


@attack()
def gzip_bomb_of_strangers(under):
    """Messages of 4 KB to methods that need credentials, without any: they inflate to what the largest of them takes."""
    bomb = _compressed(bytes(MOST_BYTES))
    headers = [wire.call_headers(method, more=[GZIP]) for method in (VERIFY_SESSION, CREATE_USER, RECORD_EVENT)]
    under.repeat_calls([(block, bomb) for block in headers])
    under.expect_refused("UNAUTHENTICATED")
    under.expect_kept()


def _struct(size):
    """The fields of a google.protobuf.Struct: as many maps of one key as fit."""
    entry = field(1, field(1, b"a") + field(2, b"\x08\0"))
    nested = field(1, field(2, field(6, field(1, field(5, entry)) * 4)))
    return nested * (size // len(nested))


@attack()
def struct_bombs(under):
    """Structs of maps of one key, as large as a public method takes, and the same compressed."""
    # CreateSessionRequest.login and .context; without the password, no hash is what is measured.
    request = field(1, b"x") + field(5, _struct(PUBLIC_BYTES - 100))
    plain, compressed = wire.call_headers(CREATE_SESSION), wire.call_headers(CREATE_SESSION, more=[GZIP])
    under.repeat_calls([(plain, wire.message(request)), (compressed, _compressed(request))])
    # They were read as far as to see what is missing.
    under.expect_refused("INVALID_FIELD")
    under.expect_kept()


@attack()
def struct_bombs_of_a_user(under):
    """The same of 4 MB, compressed to few, by a user who changes itself."""
    # UpdateUserRequest.user.metadata, .user_id and .update_mask.
    request = (
        field(1, field(10, _struct(MOST_BYTES - 1_000)))
        + field(2, under.plan["viewer_id"].encode())
        + field(3, field(1, b"metadata"))
    )
    block = wire.call_headers(UPDATE_USER, under.plan["viewer_token"], more=[GZIP])
    under.repeat_calls([(block, _compressed(request))])
    under.expect_refused("MESSAGE_TOO_LARGE")
    under.expect_kept()


@attack()
def nesting(under):
    """Messages within one another, thousands deep: lists of lists, and groups, of which each byte begins one."""
    lists = b""
    while len(lists) < PUBLIC_BYTES - 200:
        # Value.list_value, ListValue.values.
        lists = field(6, field(1, lists))
    # CreateSessionRequest.context has an entry with that value; the groups are of a field that it does not have.
    in_context = field(1, b"x") + field(5, field(1, field(1, b"a") + field(2, lists)))
    groups = bytes((15 << 3 | 3,)) * (PUBLIC_BYTES - 1)
    block = wire.call_headers(CREATE_SESSION)
    under.repeat_calls([(block, wire.message(in_context)), (block, wire.message(groups))])
    under.expect_refused("MALFORMED_REQUEST")
    under.expect_kept()


@attack()
def malformed_calls(under):
    """Two messages where one is due, other content types, flags and encodings that nobody knows, metadata that are none."""

    def to(method="POST", content_type="application/grpc", more=()):
        return wire.encode(
            [
                (":method", method),
                (":scheme", "http"),
                (":path", f"/{CREATE_SESSION}"),
                (":authority", "localhost"),
                ("content-type", content_type),
                ("te", "trailers"),
                *more,
            ]
        )

    message = wire.message(b"")
    under.repeat_calls(
        [
            (to(), message * 2),
            (to(content_type="text/html"), message),
            (to(method="GET"), message),
            (to(), wire.message(b"x", flags=0x7F)),
            (to(more=[("grpc-encoding", "snappy")]), wire.message(b"x", flags=1)),
            (to(more=[GZIP]), wire.message(b"no gzip", flags=1)),
            (to(), message[:3]),
            (to(more=[("x-trace-bin", "!!!!")]), message),
            (to(more=[("grpc-timeout", "soon")]), message),
        ]
    )
    under.expect_refused("TOO_MANY_MESSAGES", "UNSUPPORTED_ENCODING", "PROTOCOL_VIOLATION")
    under.expect_counted("grpc_calls_refused_total", reason="not_grpc")
    under.expect_counted("grpc_calls_refused_total", reason="protocol_violation")
    served = under.counted("gatehouse_rpc_handled_total", method=f"/{CREATE_SESSION}", code="OK")
    under.expect(not served, f"none of them is served, and {served:.0f} were")
    under.expect_kept()


@attack(least_seconds=12)
def partial_messages(under):
    """16,000 messages of which all but a few bytes come at once, and these one by one, on 16 connections: 250 MB."""
    length = PUBLIC_BYTES
    begun = length.to_bytes(5, "big") + bytes(length - 100)
    held = HeldStreams(under)
    connections = under.connect_many(16)
    held.open_many(connections, 1_000, wire.call_headers(CREATE_USER), begun)
    most = held.look()
    while under.going_on():
        begin = time.monotonic()
        for connection in connections:
            connection.send(b"".join(wire.frame(wire.DATA, 0, stream, b"\0") for stream in held.of(connection)))
        most = max(most, held.look())
        under.wait(begin + 1 - time.monotonic())
    left = held.look()
    under.notes.append(f"at most {most} unfinished calls, {left} at the end")
    under.expect(not left, f"requests that do not become whole are ended in time, and {left} were not")
    refused = under.counted("gatehouse_grpc_calls_refused_total", reason="overloaded")
    sent_away = under.counted("gatehouse_grpc_connections_ended_total", reason="no_room")
    under.expect(refused + sent_away > 0, "there is no room for all of them")


ATTACKS = (
    large_messages,
    gzip_bomb,
    gzip_bomb_of_strangers,
    struct_bombs,
    struct_bombs_of_a_user,
    nesting,
    malformed_calls,
    partial_messages,
)
