"""As much of HTTP/2 and gRPC as an attacker needs: no library would send what these programs do."""

import collections
import select
import socket
import ssl

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
INITIAL_WINDOW_SIZE = 4

Frame = collections.namedtuple("Frame", "type flags stream payload")


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def _literal(text):
    """A string of HPACK without Huffman code."""
    if len(text) < 127:
        return bytes((len(text),)) + text
    rest, prefix = len(text) - 127, b"\x7f"
    while rest >= 128:
        prefix += bytes((rest % 128 + 128,))
        rest //= 128
    return prefix + bytes((rest,)) + text


def encode(fields):
    """A header block that uses no table."""
    return b"".join(b"\0" + _literal(name.encode()) + _literal(value.encode()) for name, value in fields)


def call_headers(method, token=None, more=()):
    fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", f"/{method}"),
        (":authority", "localhost"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        *more,
    ]
    if token:
        fields.append(("authorization", f"Bearer {token}"))
    return encode(fields)


def message(body, flags=0):
    return bytes((flags,)) + len(body).to_bytes(4, "big") + body


def tls_client():
    """Trusts anybody: what is measured is the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


class Connection:
    """One to the server, greeted unless said otherwise. `frames` and `goaway` are what came so far."""

    def __init__(self, address, source=None, tls=False, greet=True, settings=b"", receive_buffer=None):
        host, _, port = address.rpartition(":")
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.socket.bind((source, 0))
        self.socket.settimeout(10)
        self.socket.connect((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls_client().wrap_socket(self.socket, server_hostname="localhost")
        self.closed_by_server = False
        # A part of a frame was sent, and nothing more was taken.
        self.stuck = False
        self.goaway = None
        self.sent = 0
        self.received = 0
        self._input = b""
        if greet:
            self.send(PREFACE + frame(SETTINGS, 0, 0, settings))

    def send(self, data):
        """False once the server has closed it, or takes nothing for a second."""
        if self.closed or self.stuck:
            return False
        try:
            self.socket.settimeout(1)
            self.socket.sendall(data)
            self.sent += len(data)
            return True
        except (TimeoutError, BlockingIOError):
            self.stuck = True
            return False
        except OSError:
            self.look()
            self.closed_by_server = True
            return False

    def look(self, wait=0):
        """The frames that have come, within `wait` seconds."""
        frames = []
        while not self.closed and self._readable(wait):
            try:
                data = self.socket.recv(1 << 18)
            except (TimeoutError, ssl.SSLWantReadError):
                break
            except OSError:
                data = b""
            self.closed_by_server = not data
            self.received += len(data)
            self._input += data
            frames += self._take_frames()
            wait = 0
        return frames

    def _readable(self, wait):
        if isinstance(self.socket, ssl.SSLSocket) and self.socket.pending():
            return True
        # Not select(), which knows no descriptors beyond 1,023.
        poll = select.poll()
        poll.register(self.socket, select.POLLIN)
        return bool(poll.poll(wait * 1000))

    def _take_frames(self):
        frames = []
        while len(self._input) >= 9:
            length = int.from_bytes(self._input[:3], "big")
            if len(self._input) < 9 + length:
                break
            one = Frame(self._input[3], self._input[4], int.from_bytes(self._input[5:9], "big"), self._input[9 : 9 + length])
            self._input = self._input[9 + length :]
            if one.type == GOAWAY:
                self.goaway = (int.from_bytes(one.payload[4:8], "big"), one.payload[8:].decode(errors="replace"))
            elif one.type == SETTINGS and not one.flags:
                self.send(frame(SETTINGS, 1, 0))
            frames.append(one)
        return frames

    @property
    def closed(self):
        return self.closed_by_server or self.socket.fileno() < 0

    def close(self):
        self.socket.close()
