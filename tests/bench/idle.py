"""What clients cost that only are there: connections and streams, opened by the thousand and left alone."""

import resource
import time

from tests.e2e.support.processes import resident_bytes
from tests.support.http2 import wire

TAIL_EVENTS = "gatehouse.v1.AuditService/TailEvents"
# One address may have 2,000.
CONNECTIONS_PER_ADDRESS = 1900
STREAMS_PER_CONNECTION = 100


def settled_bytes(pid):
    """Resident bytes once they no longer change: workers take their first turn after start."""
    last, now = -1, resident_bytes(pid)
    while abs(now - last) > 100_000:
        time.sleep(0.5)
        last, now = now, resident_bytes(pid)
    return now


class Crowd:
    """Connections to one server, from as many addresses of this machine as they need."""

    def __init__(self, server, tls=False):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._server = server
        self._tls = tls
        self._connections = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self._connections:
            connection.close()

    def connect(self, count):
        """KiB that the server holds for each of them."""
        before = settled_bytes(self._server.pid)
        for _ in range(count):
            source = f"127.0.0.{2 + len(self._connections) // CONNECTIONS_PER_ADDRESS}"
            self._connections.append(wire.Connection(self._server.grpc_address, source=source, tls=self._tls))
        for connection in self._connections[-count:]:
            if not connection.look(wait=10):
                raise RuntimeError("the server does not greet its clients")
        return (settled_bytes(self._server.pid) - before) / 1024 / count

    def tail_events(self, count, token):
        """The same of streams, on connections that are there."""
        before = settled_bytes(self._server.pid)
        block = wire.call_headers(TAIL_EVENTS, token)
        for number in range(count):
            place, turn = divmod(number, STREAMS_PER_CONNECTION)
            stream = 2 * turn + 1
            self._connections[place].send(
                wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block)
                + wire.frame(wire.DATA, wire.END_STREAM, stream, wire.message(b""))
            )
        kib = (settled_bytes(self._server.pid) - before) / 1024 / count
        for connection in self._connections[: -(-count // STREAMS_PER_CONNECTION)]:
            if any(one.stream and one.flags & wire.END_STREAM and one.type == wire.HEADERS for one in connection.look()):
                raise RuntimeError("the server ended a stream")
        return kib
