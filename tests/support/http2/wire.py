"""As much of HTTP/2 and gRPC as an attacker needs: no library would send what these programs do."""

import collections
import select
import socket
import ssl
import time

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS, PADDED = 1, 4, 8
# Of RFC 9113, 7.
CANCEL, COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 8, 9, 11
# What a client may send, on a stream and on all of them, before the server has widened it.
WINDOW = 65535
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
INITIAL_WINDOW_SIZE = 4
# What a frame of data holds here; a server must take 16,384.
DATA_BYTES = 16000

Frame = collections.namedtuple("Frame", "type flags stream payload")


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def varint(number):
    """In seven bits a byte, the lowest first, as HPACK and protobuf have it."""
    begin = b""
    while number >= 128:
        begin += bytes((number % 128 + 128,))
        number //= 128
    return begin + bytes((number,))


def string_length(size):
    """What HPACK puts before a string without Huffman code."""
    return bytes((size,)) if size < 127 else b"\x7f" + varint(size - 127)


def literal(text):
    """A string of HPACK without Huffman code."""
    return string_length(len(text)) + text


def encode(fields):
    """A header block that uses no table."""
    return b"".join(b"\0" + literal(name.encode()) + literal(value.encode()) for name, value in fields)


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
        # What may be sent of messages; how much of it a stream takes is the caller's business.
        self._window = WINDOW
        # Frames that came while room was waited for.
        self._unseen = []
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
            # What the server said before it closed.
            self._unseen += self._read(0)
            self.closed_by_server = True
            return False

    def send_data(self, stream, data, end=True):
        """The same in frames of data, for which the connection has room within a second."""
        for at in range(0, max(len(data), 1), DATA_BYTES):
            part = data[at : at + DATA_BYTES]
            if not self._wait_for_room(len(part)):
                return False
            self._window -= len(part)
            last = end and at + DATA_BYTES >= len(data)
            if not self.send(frame(DATA, END_STREAM if last else 0, stream, part)):
                return False
        return True

    def _wait_for_room(self, length):
        give_up = time.monotonic() + 1
        while self._window < length:
            left = give_up - time.monotonic()
            if self.closed or left <= 0:
                return False
            self._unseen += self._read(left)
        return True

    def look(self, wait=0):
        """The frames that have come, within `wait` seconds."""
        seen, self._unseen = self._unseen, []
        return seen + self._read(0 if seen else wait)

    def _read(self, wait):
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
            elif one.type == WINDOW_UPDATE and one.stream == 0:
                self._window += int.from_bytes(one.payload, "big")
            frames.append(one)
        return frames

    @property
    def turned_away(self):
        """Closed by the server before it said anything."""
        return self.closed_by_server and self.received == 0

    @property
    def closed(self):
        return self.closed_by_server or self.socket.fileno() < 0

    def close(self):
        self.socket.close()
