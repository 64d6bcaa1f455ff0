"""The figures of accounts."""

REFRESH_SESSION = "gatehouse.v1.SessionService/RefreshSession"

IN_FLIGHT = 16


class AccountFigures:
    """Steps of a Bench."""

    def refreshes(self):
        """Each of those in flight rotates the token of a session of its own, again and again."""
        from gatehouse.v1 import session_pb2

        from tests.e2e.support.client import Client

        server = self._server()
        client = self._request_client(server)

        def refresh():
            with Client(server.grpc_address) as caller:
                logins = [caller.CreateSession(login="root", password=self._password) for _ in range(IN_FLIGHT)]
            requests = [session_pb2.RefreshSessionRequest(refresh_token=login.tokens.refresh_token) for login in logins]
            file = self._requests("refreshes", requests)
            return client.run(REFRESH_SESSION, file, self._plan.seconds, in_flight=IN_FLIGHT, refresh=True)["rate"]

        rates = self._interleave({"refreshes": refresh, "pgbench": lambda: self._pgbench.run("insert", self._plan.seconds)})
        self.report.add("refresh_session", rates["refreshes"], "refreshes/s", rates["pgbench"], "pgbench inserts")
