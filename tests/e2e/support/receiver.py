"""A real HTTP server that takes webhooks."""

import http.server
import json
import sys
import threading

from tests.e2e.support import webhook_verifier
from tests.e2e.support.waiting import until


class Received:
    """One request."""

    def __init__(self, path, headers, body):
        self.path = path
        self.headers = headers
        self.body = body
        # The status it was answered with; None before.
        self.answer = None

    @property
    def id(self):
        return self.headers.get("webhook-id")

    @property
    def json(self):
        return json.loads(self.body)

    def verify(self, secret):
        webhook_verifier.verify(secret, self.headers, self.body)


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        # Of a sender that was killed.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Receiver:
    """Listens on a free port of 127.0.0.1, or at `listener`, until closed; answers 204, or what `status` says, while `answers` is set."""

    def __init__(self, test, listener=None):
        # Or a function of a request, which is asked of one at a time.
        self.status = 204
        self.answers = threading.Event()
        self.answers.set()
        self._requests = []
        self._lock = threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Without it, small answers wait for the sender's delayed acknowledgement.
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                received = Received(self.path, headers, body)
                status = owner._add(received)
                owner.answers.wait()
                received.answer = status if status is not None else owner.status
                self.send_response(received.answer)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        address = listener.getsockname() if listener else ("127.0.0.1", 0)
        self._server = _Server(address, Handler, bind_and_activate=listener is None)
        if listener:
            self._server.socket.close()
            self._server.socket = listener
            self._server.server_activate()
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        (test.addClassCleanup if isinstance(test, type) else test.addCleanup)(self.close)

    def close(self):
        self.answers.set()
        self._server.shutdown()
        self._server.server_close()

    def _add(self, request):
        """What `status` says of it, if that is a function."""
        with self._lock:
            status = self.status(request) if callable(self.status) else None
            self._requests.append(request)
            return status

    @property
    def requests(self):
        with self._lock:
            return list(self._requests)

    def wait_for(self, matches, what="a webhook", timeout=60):
        """The first request, past or future, for which `matches` is true."""
        return until(
            lambda: next((request for request in self.requests if matches(request)), None),
            lambda: f"{what}; received {[request.json.get('type') for request in self.requests][-20:]}",
            timeout,
        )
