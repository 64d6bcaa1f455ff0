"""What a client with credentials can do, and one that asks for them."""

import time

from tests.fault.attack.attacker import CREATE_SESSION, CREATE_USER, LIST_EVENTS, TAIL_EVENTS, HeldStreams, attack, field
from tests.fault.attack.stream_attacks import ALL_WINDOW, TRANSPORT_BYTES
from tests.support.http2 import wire

# Of grpc.max_principal_streams.
PRINCIPAL_STREAMS = 1_000


@attack()
def tail_events(under):
    """10,000 TailEvents of one principal, to which nothing happens."""
    held = HeldStreams(under)
    # TailEventsRequest.from_index = 0: what happens from now on.
    held.open_many(under.connect_many(11), 909, wire.call_headers(TAIL_EVENTS, under.plan["reader_key"]), wire.message(b""))
    most = held.look()
    while under.going_on():
        under.wait(0.2)
        most = max(most, held.look())
    left = held.look()
    under.notes.append(f"{left} streams open at the end")
    under.expect(left == PRINCIPAL_STREAMS, f"{PRINCIPAL_STREAMS} streams are held, and it were {left}")
    under.expect_refused("RATE_LIMITED")
    under.expect_kept()


@attack(least_seconds=8, grpc_write_timeout_ms=3_000)
def unread_pages(under):
    """400 pages of events, 3 MB each, that are never read."""
    block = wire.call_headers(LIST_EVENTS, under.plan["reader_key"])
    # ListEventsRequest.page_size = 1000.
    question = wire.message(b"\x08\xe8\x07")
    for _ in range(8):
        connection = under.connect(settings=ALL_WINDOW, receive_buffer=4096)
        if connection is None:
            continue
        connection.send(wire.frame(wire.WINDOW_UPDATE, 0, 0, (2**30).to_bytes(4, "big")))
        for stream in range(1, 100, 2):
            connection.send(
                wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block) + wire.frame(wire.DATA, wire.END_STREAM, stream, question)
            )
    buffered = 0
    while under.going_on():
        under.wait(0.2)
        buffered = max(buffered, under.now("gatehouse_grpc_buffered_bytes"))
    under.notes.append(f"at most {buffered / 1e6:.0f} MB buffered")
    under.expect(buffered <= TRANSPORT_BYTES, f"{TRANSPORT_BYTES} bytes are buffered at most, and it were {buffered:.0f}")
    under.expect_counted("grpc_answers_dropped_total", reason="overloaded")
    under.expect_unread_dropped()


@attack(least_seconds=12)
def denials(under):
    """Calls that a user may not make, each of which is to be on record, as fast as they go."""
    block = wire.call_headers(CREATE_USER, under.plan["viewer_token"])
    made = under.repeat_calls([(block, wire.message(b""))])
    denied = under.counted("gatehouse_rpc_handled_total", code="PERMISSION_DENIED")
    under.notes.append(f"{made} calls, {denied:.0f} denied")
    under.expect(denied >= 10_000, f"10,000 are denied, and it were {denied:.0f}")
    under.expect_kept()


def _login(name, password):
    return wire.message(field(1, name.encode()) + field(2, password.encode()))


class Guesser:
    """Logins with a wrong password, of many accounts, so many under way at a time."""

    def __init__(self, under, at_a_time, connections):
        self.answered = 0
        self._attack = under
        self._block = wire.call_headers(CREATE_SESSION)
        self._next_stream = {connection: 1 for connection in under.connect_many(connections)}
        self._names = 0
        for connection in self._next_stream:
            for _ in range(at_a_time // connections):
                self._guess(connection)

    def _guess(self, connection):
        stream = self._next_stream[connection]
        self._next_stream[connection] = stream + 2
        self._names += 1
        connection.send(wire.frame(wire.HEADERS, wire.END_HEADERS, stream, self._block))
        connection.send_data(stream, _login(f"somebody{self._names % 10_000}", "a wrong password"))

    def go_on(self):
        """As many again as were answered."""
        for connection, one in self._attack.look_at_all():
            if one.flags & wire.END_STREAM and one.type in (wire.HEADERS, wire.DATA):
                self.answered += 1
                self._guess(connection)


@attack()
def wrong_logins(under):
    """Four hundred logins with a wrong password at a time, of many accounts, and honest ones from another address."""
    guesser = Guesser(under, 400, connections=4)
    block, right = wire.call_headers(CREATE_SESSION), _login("root", under.plan["password"])
    honest, stream = wire.Connection(under.plan["address"]), 1
    times, waits_since, has_message = [], None, False
    while under.going_on():
        if waits_since is None:
            waits_since, has_message = time.monotonic(), False
            honest.send(wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block))
            honest.send_data(stream, right)
        guesser.go_on()
        for one in honest.look(wait=0.01):
            has_message = has_message or (one.type == wire.DATA and len(one.payload) > 5)
            if one.stream == stream and one.flags & wire.END_STREAM and one.type in (wire.HEADERS, wire.DATA):
                times.append((time.monotonic() - waits_since, has_message))
                waits_since, stream = None, stream + 2
    served = sorted(seconds for seconds, good in times if good)
    worst = served[-1] if served else float("inf")
    under.notes.append(f"{guesser.answered} answered; honest logins: {len(served)} of {len(times)} good, worst {worst:.2f} s")
    under.expect(served and len(served) == len(times), "every honest login is good")
    under.expect(worst < 3, f"an honest login takes less than three seconds, and the worst took {worst:.2f}")


@attack(grpc_max_in_flight=64)
def full_admission(under):
    """So many logins under way that the server takes no more calls of strangers."""
    guesser = Guesser(under, 200, connections=2)
    while under.going_on():
        guesser.go_on()
        under.wait(0.005)
    under.notes.append(f"{guesser.answered} answered")
    under.expect_refused("SERVER_OVERLOADED")
    under.expect_kept()


ATTACKS = (tail_events, unread_pages, denials, wrong_logins, full_admission)
