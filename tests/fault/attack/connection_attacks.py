"""Connections that say nothing, or too little, and what else reaches the HTTP port."""

import socket
import ssl
import time
import urllib.error
import urllib.request

from tests.fault.attack.attacker import SOURCE, attack
from tests.support.http2 import wire

# Of grpc.max_connections_per_address, and those of the honest client.
CONNECTIONS_PER_ADDRESS = 2_000
HONEST_CONNECTIONS = 10
# Of grpc.handshake_timeout_ms, and for the server to look.
HANDSHAKE_S = 12


@attack(least_seconds=18)
def silent_connections(under):
    """Four thousand TCP connections that say nothing."""
    under.connect_many(4_000, leaving_s=HANDSHAKE_S, greet=False)
    held = under.now("gatehouse_grpc_connections")
    while under.going_on():
        under.wait(0.2)
    under.notes.append(f"{held:.0f} held at a time")
    under.expect(held <= CONNECTIONS_PER_ADDRESS + HONEST_CONNECTIONS, f"one address holds {CONNECTIONS_PER_ADDRESS}, and it were {held:.0f}")
    under.expect_counted("grpc_connections_refused_total", reason="too_many_of_address")
    under.expect_counted("grpc_connections_ended_total", reason="handshake_timeout")
    under.expect_all_closed()


def _first_of_handshake():
    outgoing = ssl.MemoryBIO()
    try:
        wire.tls_client().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


@attack(least_seconds=15, tls=True)
def tls_half_handshakes(under):
    """A thousand TLS handshakes that stop after their first message, which is the same in all: the server can not tell."""
    hello = _first_of_handshake()
    for connection in under.connecting(1_000, leaving_s=HANDSHAKE_S, greet=False):
        connection.send(hello)
    while under.going_on():
        under.wait(0.2)
    under.expect_counted("grpc_connections_ended_total", reason="handshake_timeout")
    under.expect_all_closed()


def _connect_http(under):
    host, _, port = under.plan["http"].rpartition(":")
    made = socket.socket()
    made.settimeout(10)
    made.bind((SOURCE, 0))
    made.connect((host, int(port)))
    return made


@attack(least_seconds=13)
def slow_http(under):
    """Fifty connections to the HTTP port that send a byte now and then."""
    sockets = []
    for _ in range(50):
        made = _connect_http(under)
        made.sendall(b"GET /readyz HTTP/1.1\r\nHost: x\r\nX: ")
        sockets.append(made)
    times, failed = [], 0
    while under.going_on():
        for made in list(sockets):
            try:
                made.sendall(b"x")
            except OSError:
                sockets.remove(made)
        begin = time.monotonic()
        try:
            with urllib.request.urlopen(f"http://{under.plan['http']}/readyz", timeout=10) as answer:
                answer.read()
        except (OSError, urllib.error.URLError):
            failed += 1
        times.append(time.monotonic() - begin)
        under.wait(0.2)
    worst = max(times, default=0)
    under.notes.append(f"{50 - len(sockets)} of 50 closed; /readyz: {len(times)} asked, {failed} failed, worst {worst:.2f} s")
    under.expect(not sockets, f"slow connections are closed, and {len(sockets)} were not")
    under.expect(not failed and worst < 1, "/readyz is answered within a second")


# Each with a second request that is to be taken for another one's, where two programs disagree about the end of the first.
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
SMUGGLING = (
    b"GET /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(SMUGGLED),
    b"GET /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /readyz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    b"GET /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n",
    b"GET /readyz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n",
    b"GET /readyz HTTP/1.1\nHost: x\n\n",
    b"GET /readyz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET /readyz HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
)


@attack()
def smuggled_http(under):
    """Requests to the HTTP port that hold another one, in the ways that proxies were fooled by: 200 a second."""
    asked, wrong = 0, []
    while under.going_on():
        request = SMUGGLING[asked % len(SMUGGLING)] + SMUGGLED
        asked += 1
        answer = b""
        with _connect_http(under) as connection:
            try:
                connection.sendall(request)
                while part := connection.recv(1 << 16):
                    answer += part
            except OSError:
                # Closed with some of it unread: the answer is complete all the same.
                pass
        if answer.count(b"HTTP/1.1 ") != 1:
            wrong.append((request, answer))
        under.wait(0.005)
    under.notes.append(f"{asked} requests")
    under.expect(not wrong, f"one connection gets one answer: {wrong[:1]}")


ATTACKS = (silent_connections, tls_half_handshakes, slow_http, smuggled_http)
