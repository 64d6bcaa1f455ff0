"""What attacks are made of: connections of one client, from an address that is not the honest client's, and what has to become of them."""

import collections
import time

from tests.fault.attack.figures import Figures
from tests.support.http2 import wire

# Another address than the honest client's.
SOURCE = "127.0.0.2"

CREATE_SESSION = "gatehouse.v1.SessionService/CreateSession"
CREATE_USER = "gatehouse.v1.UserService/CreateUser"
HEALTH_CHECK = "grpc.health.v1.Health/Check"
LIST_EVENTS = "gatehouse.v1.AuditService/ListEvents"
RECORD_EVENT = "gatehouse.v1.AuditService/RecordEvent"
REFLECTION = "grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
TAIL_EVENTS = "gatehouse.v1.AuditService/TailEvents"
UPDATE_USER = "gatehouse.v1.UserService/UpdateUser"
VERIFY_SESSION = "gatehouse.v1.SessionService/VerifySession"

# Stream numbers of one connection; then the next one takes over.
LAST_STREAM = 1999


def attack(least_seconds=0, tls=False, **settings):
    """Makes an attack of a function. It needs so many seconds to show what has to become of it; `settings` are the server's, where its
    own are not the ones that are attacked."""

    def mark(function):
        function.least_seconds = least_seconds
        function.tls = tls
        function.settings = {f"GATEHOUSE_{name.upper()}": str(value) for name, value in settings.items()}
        return function

    return mark


def field(number, body):
    """A field of a protobuf message that has a length."""
    return bytes((number << 3 | 2,)) + wire.varint(len(body)) + body


class Attack:
    """One of them under way. Everything is bounded by `seconds` of its plan."""

    def __init__(self, plan):
        self.plan = plan
        self.connections = []
        self.notes = []
        # What had to become of it and did not.
        self.unmet = []
        self._not_let_in = 0
        self._outlived = 0
        self._before = Figures(plan["http"])
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
            self._not_let_in += 1
            return None
        self.connections.append(made)
        return made

    def connecting(self, count, leaving_s=0, **options):
        """One after the other, as many as are let in while there are more seconds left than `leaving_s`."""
        for _ in range(count):
            if time.monotonic() + leaving_s >= self._until:
                return
            connection = self.connect(**options)
            if connection is not None:
                yield connection

    def connect_many(self, count, **options):
        return list(self.connecting(count, **options))

    def repeat(self, step, **options):
        """One connection after the other, `step` on each until it is closed."""
        while self.going_on():
            connection = self.connect(**options)
            if connection is None:
                self.wait(0.1)
                continue
            step(connection)
            self._see_off(connection)

    def _see_off(self, connection):
        connection.look(wait=0.2)
        give_up = time.monotonic() + 1
        while connection.goaway and not connection.closed and time.monotonic() < give_up:
            connection.look(wait=0.1)
        if connection.turned_away:
            self._not_let_in += 1
            self.wait(0.1)
        elif self.going_on() and not connection.closed_by_server:
            self._outlived += 1
        connection.close()

    def repeat_calls(self, calls, pause=0.0):
        """Complete calls in turn, (headers, body) each, on one connection after the other; how many. None waits for its answer."""
        made = 0

        def step(connection):
            nonlocal made
            stream = 1
            while self.going_on() and not (connection.closed or connection.stuck) and stream <= LAST_STREAM:
                headers, body = calls[made % len(calls)]
                connection.send(wire.frame(wire.HEADERS, wire.END_HEADERS, stream, headers))
                connection.send_data(stream, body[: wire.WINDOW], end=len(body) <= wire.WINDOW)
                connection.look(wait=pause)
                stream += 2
                made += 1

        self.repeat(step)
        return made

    def look_at_all(self):
        """[(connection, frame)] of what has come."""
        return [(connection, one) for connection in self.connections for one in connection.look()]

    # What had to become of it.

    def expect(self, holds, what):
        if not holds:
            self.unmet.append(what)

    def now(self, name):
        """What a gauge of the server says."""
        return Figures(self.plan["http"]).of(name)

    def counted(self, name, **labels):
        """How far a counter of the server has gone on since the attack began."""
        return Figures(self.plan["http"]).of(name, **labels) - self._before.of(name, **labels)

    def expect_counted(self, name, **labels):
        shown = ",".join(f"{label}={value}" for label, value in labels.items())
        self.expect(self.counted(f"gatehouse_{name}", **labels) > 0, f"{name}{{{shown}}} counts something")

    def expect_refused(self, *reasons):
        """Calls were looked at and failed with each of these reasons."""
        for reason in reasons:
            self.expect_counted("rpc_errors_total", reason=reason)

    def expect_ended(self, reason, *codes):
        """Whoever got in was told to go with one of these codes of HTTP/2, and the connection closed; the server counts it under the
        reason."""
        self.look_at_all()
        told = {connection.goaway[0] for connection in self.connections if connection.goaway}
        self.expect(told == set(codes), f"GOAWAY with {sorted(codes)}, and it was {sorted(told)}")
        self.expect(not self._outlived, f"every connection is closed, which {self._outlived} were not")
        self.expect_counted("grpc_connections_ended_total", reason=reason)

    def expect_unread_dropped(self):
        """Who reads nothing loses its answers, or the connection."""
        dropped = self.counted("gatehouse_grpc_answers_dropped_total", reason="unread")
        ended = self.counted("gatehouse_grpc_connections_ended_total", reason="write_timeout")
        self.expect(dropped + ended > 0, "who reads nothing is not waited for")

    def expect_all_closed(self):
        self.look_at_all()
        left = sum(not connection.closed_by_server for connection in self.connections)
        self.expect(not left, f"all connections are closed, of which {left} are not")

    def expect_kept(self):
        """What was wrong with one call ended no other's."""
        self.look_at_all()
        told = [connection.goaway for connection in self.connections if connection.goaway]
        self.expect(not told, f"no connection is closed for a call's fault: {told[:1]}")

    def outcome(self):
        """Of all connections, for people."""
        self.look_at_all()
        said = collections.Counter(
            f"GOAWAY {connection.goaway[0]} '{connection.goaway[1]}'" for connection in self.connections if connection.goaway
        )
        closed = sum(connection.closed_by_server for connection in self.connections)
        megabytes = sum(connection.sent for connection in self.connections) / 1e6
        parts = [f"{len(self.connections)} connections, {closed} closed, {megabytes:.1f} MB sent"]
        parts += [f"{count} x {text}" for text, count in said.most_common(2)]
        if self._not_let_in:
            parts.append(f"{self._not_let_in} not let in")
        return "; ".join(parts + self.notes)


class HeldStreams:
    """Streams that the server has open, as far as it has not said otherwise."""

    def __init__(self, under):
        self._attack = under
        self._open = set()

    def open(self, connection, stream, headers, body=b""):
        """False if it did not get out."""
        sent = connection.send(wire.frame(wire.HEADERS, wire.END_HEADERS, stream, headers))
        if sent and body:
            sent = connection.send_data(stream, body, end=False)
        if sent:
            self._open.add((id(connection), stream))
        return sent

    def open_many(self, connections, per_connection, headers, body=b""):
        for connection in connections:
            for stream in range(1, 2 * per_connection, 2):
                if not self._attack.going_on() or not self.open(connection, stream, headers, body):
                    break
            self.look()

    def of(self, connection):
        """Their numbers."""
        return sorted(stream for owner, stream in self._open if owner == id(connection))

    def look(self):
        """How many there are still."""
        for connection, one in self._attack.look_at_all():
            if one.type == wire.RESET or (one.type in (wire.HEADERS, wire.DATA) and one.flags & wire.END_STREAM):
                self._open.discard((id(connection), one.stream))
        gone = {id(connection) for connection in self._attack.connections if connection.closed}
        if gone:
            self._open = {(connection, stream) for connection, stream in self._open if connection not in gone}
        return len(self._open)
