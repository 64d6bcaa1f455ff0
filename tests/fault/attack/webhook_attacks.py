"""Receivers of webhooks that do what receivers should not."""

import os
import socket
import socketserver
import struct
import threading
import time

from tests.fault.attack.attacker import attack
from tests.fault.attack.message_attacks import zeros

PUBLISH_EACH_S = 0.02


def _send_for_ever(connection, part, pause=0.0):
    # Until the server has enough of it and closes.
    while True:
        connection.sendall(part)
        time.sleep(pause)


def _hang(connection):
    connection.recv(1)


def _drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    _send_for_ever(connection, b"x", pause=0.1)


def _long_body(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    _send_for_ever(connection, bytes(1 << 16))


def _long_headers(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    _send_for_ever(connection, b"X: " + b"x" * 1000 + b"\r\n")


def _redirect(connection):
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /redirect\r\nContent-Length: 0\r\n\r\n")


def _garbage(connection):
    connection.sendall(os.urandom(1000))


def _reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # At once: a shutdown, which comes first otherwise, would be an end like any other.
    os.close(connection.detach())


def _close(connection):
    connection.shutdown(socket.SHUT_RDWR)


def _refuse(connection):
    connection.sendall(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")


def _inflate(connection):
    body = zeros(100)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


HOSTILE = (_hang, _drip, _long_body, _long_headers, _redirect, _garbage, _reset, _close, _refuse, _inflate)


class Receivers:
    """Ten that are hostile and a good one, each at a path of one address. For a `with`."""

    def __init__(self):
        behaviour = {f"/{number}": answer for number, answer in enumerate(HOSTILE)}
        owner = self
        self._lock = threading.Lock()
        self._ids = set()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                path = self.rfile.readline().split(b" ")[1].decode()
                headers = {}
                while line := self.rfile.readline().strip():
                    name, _, value = line.decode().partition(":")
                    headers[name.lower()] = value.strip()
                self.rfile.read(int(headers.get("content-length", 0)))
                if path in behaviour:
                    behaviour[path](self.connection)
                    return
                owner.add(headers["webhook-id"])
                self.connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 100

            # The server that is attacked breaks off what takes too long.
            def handle_error(self, request, client_address):
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.urls = [f"http://127.0.0.1:{self._server.server_address[1]}{path}" for path in ("/good", *behaviour)]

    def add(self, webhook_id):
        with self._lock:
            self._ids.add(webhook_id)

    def good_ones(self):
        """How many events the good one has got."""
        with self._lock:
            return len(self._ids)

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


@attack(webhook_allow_http="true", webhook_allowed_networks="127.0.0.0/8")
def hostile_receivers(under):
    """Ten receivers that hang, drip, flood, redirect, answer nonsense or not at all, beside a good one; fifty events a second to each."""
    # Imported here: the other attackers need not load gRPC's library.
    from tests.e2e.support import client

    published = 0
    with Receivers() as receivers, client.Client(under.plan["address"], under.plan["admin_token"]) as admin:
        endpoints = [
            admin.CreateEndpoint(endpoint={"url": url, "event_types": ["attack.*"]}).endpoint.id for url in receivers.urls
        ]
        while under.going_on():
            admin.PublishEvent(type="attack.made", data=client.struct(n=published))
            published += 1
            under.wait(PUBLISH_EACH_S)
        give_up = time.monotonic() + 5
        while receivers.good_ones() < published and time.monotonic() < give_up:
            time.sleep(0.1)
        for endpoint_id in endpoints:
            admin.DeleteEndpoint(endpoint_id=endpoint_id)
        got = receivers.good_ones()
    under.notes.append(f"the good one got {got} of {published}")
    under.expect(got == published, "the good receiver gets every event")


ATTACKS = (hostile_receivers,)
