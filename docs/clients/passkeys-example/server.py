"""python3 server.py [--gatehouse ADDRESS] [--port PORT]: a page that logs in by password and by passkey.

What stands between the page and Gatehouse: it keeps the tokens, so that no script of a page ever sees one, and passes the JSON of
browsers through in both directions. Plain text, in memory, one process: an example to read, not to deploy.
"""

import argparse
import http.server
import json
import pathlib
import secrets
import threading

import grpc
from gatehouse.v1 import session_pb2, session_pb2_grpc, user_pb2, user_pb2_grpc
from google.rpc import error_details_pb2, status_pb2

FOLDER = pathlib.Path(__file__).parent
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
}
COOKIE = "visitor"
TIMEOUT_S = 10
# The answer of a browser to a passkey has 12 KiB at most.
MAX_BODY = 32 << 10
MAX_VISITORS = 1000


class Visitor:
    """What is known of a browser: the tokens of its session, or the challenge that a login waits with."""

    def __init__(self):
        self.access_token = None
        self.challenge = None

    @property
    def metadata(self):
        return [("authorization", f"Bearer {self.access_token}")] if self.access_token else []


class Methods:
    """What the page may call: a method for each name, which takes its JSON object and returns one."""

    def __init__(self, channel):
        self._sessions = session_pb2_grpc.SessionServiceStub(channel)
        self._users = user_pb2_grpc.UserServiceStub(channel)

    def log_in(self, visitor, login, password):
        answer = self._sessions.CreateSession(
            session_pb2.CreateSessionRequest(login=login, password=password, label="passkeys example"), timeout=TIMEOUT_S
        )
        if not answer.HasField("challenge"):
            return self._logged_in(visitor, answer)
        visitor.challenge = answer.challenge.token
        return {"factors": [session_pb2.SecondFactor.Name(factor) for factor in answer.challenge.factors]}

    def start_second_step(self, visitor):
        started = self._sessions.StartPasskeyLogin(
            session_pb2.StartPasskeyLoginRequest(challenge=visitor.challenge), timeout=TIMEOUT_S
        )
        return {"options": json.loads(started.options_json)}

    def finish_second_step(self, visitor, passkey=None, recovery_code=None):
        request = session_pb2.AnswerChallengeRequest(challenge=visitor.challenge, label="passkeys example")
        if passkey:
            request.passkey_json = json.dumps(passkey)
        else:
            request.recovery_code = recovery_code
        return self._logged_in(visitor, self._sessions.AnswerChallenge(request, timeout=TIMEOUT_S))

    def start_login(self, _visitor):
        started = self._sessions.StartPasskeyLogin(session_pb2.StartPasskeyLoginRequest(), timeout=TIMEOUT_S)
        return {"options": json.loads(started.options_json)}

    def finish_login(self, visitor, passkey):
        request = session_pb2.FinishPasskeyLoginRequest(passkey_json=json.dumps(passkey), label="passkeys example")
        return self._logged_in(visitor, self._sessions.FinishPasskeyLogin(request, timeout=TIMEOUT_S))

    def start_registration(self, visitor):
        request = user_pb2.StartPasskeyRegistrationRequest()
        started = self._users.StartPasskeyRegistration(request, timeout=TIMEOUT_S, metadata=visitor.metadata)
        return {"options": json.loads(started.options_json)}

    def finish_registration(self, visitor, passkey, name):
        request = user_pb2.FinishPasskeyRegistrationRequest(passkey_json=json.dumps(passkey), display_name=name)
        made = self._users.FinishPasskeyRegistration(request, timeout=TIMEOUT_S, metadata=visitor.metadata)
        return {"id": made.passkey.id}

    def passkeys(self, visitor):
        listed = self._users.ListPasskeys(user_pb2.ListPasskeysRequest(), timeout=TIMEOUT_S, metadata=visitor.metadata)
        return {"names": [passkey.display_name for passkey in listed.passkeys], "asked": listed.second_factor}

    def ask_for_passkeys(self, visitor, enabled, password):
        request = user_pb2.SetPasskeyFactorRequest(enabled=enabled, current_password=password)
        done = self._users.SetPasskeyFactor(request, timeout=TIMEOUT_S, metadata=visitor.metadata)
        return {"recovery_codes": list(done.recovery_codes)}

    def log_out(self, visitor):
        request = session_pb2.RevokeSessionRequest()
        self._sessions.RevokeSession(request, timeout=TIMEOUT_S, metadata=visitor.metadata)
        visitor.access_token = None
        return {}

    @staticmethod
    def _logged_in(visitor, answer):
        visitor.challenge = None
        visitor.access_token = answer.tokens.access_token
        return {"user": answer.session.user_id, "amr": list(answer.session.amr)}


def reason_of(error):
    """The reason of google.rpc.ErrorInfo, which every error of Gatehouse has."""
    status = status_pb2.Status()
    status.ParseFromString(dict(error.trailing_metadata() or ()).get("grpc-status-details-bin", b""))
    for detail in status.details:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info):
            return info.reason
    return error.code().name


class Handler(http.server.BaseHTTPRequestHandler):
    methods = None
    visitors = {}
    lock = threading.Lock()

    def do_GET(self):
        if self.path not in FILES:
            self.send_error(404)
            return
        name, kind = FILES[self.path]
        self._answer(200, (FOLDER / name).read_bytes(), kind)

    def do_POST(self):
        # Another site's page cannot send this content type without asking before, which nobody answers here.
        length = int(self.headers.get("content-length") or 0)
        if self.headers.get("content-type") != "application/json" or length > MAX_BODY:
            self.send_error(400)
            return
        method = getattr(self.methods, self.path[1:], None) if self.path[1:2] not in ("", "_") else None
        if not method:
            self.send_error(404)
            return
        visitor, cookie = self._visitor()
        try:
            status, body = 200, method(visitor, **json.loads(self.rfile.read(length)))
        except grpc.RpcError as error:
            status, body = 400, {"reason": reason_of(error), "message": error.details()}
        except (TypeError, ValueError):
            status, body = 400, {"reason": "BAD_REQUEST", "message": "no such request"}
        self._answer(status, json.dumps(body).encode(), "application/json", cookie)

    def _visitor(self):
        """Whose call it is, and the cookie to set if it is somebody new."""
        sent = dict(part.strip().partition("=")[::2] for part in (self.headers.get("cookie") or "").split(";"))
        with self.lock:
            known = self.visitors.get(sent.get(COOKIE))
            if known:
                return known, None
            if len(self.visitors) >= MAX_VISITORS:
                self.visitors.pop(next(iter(self.visitors)))
            name = secrets.token_urlsafe(32)
            self.visitors[name] = Visitor()
            return self.visitors[name], f"{COOKIE}={name}; HttpOnly; SameSite=Strict; Path=/"

    def _answer(self, status, body, kind, cookie=None):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.send_header("content-security-policy", "default-src 'none'; script-src 'self'; connect-src 'self'")
        if cookie:
            self.send_header("set-cookie", cookie)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gatehouse", default="127.0.0.1:50051")
    parser.add_argument("--port", type=int, default=8080)
    options = parser.parse_args()
    Handler.methods = Methods(grpc.insecure_channel(options.gatehouse))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    print(f"http://localhost:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
