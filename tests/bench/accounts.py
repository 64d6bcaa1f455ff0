"""The figures of accounts: refreshes, logins that come ten times as fast as they can be taken."""

import statistics
import time

from tests.bench import copied_users, cost

CREATE_SESSION = "gatehouse.v1.SessionService/CreateSession"
REFRESH_SESSION = "gatehouse.v1.SessionService/RefreshSession"
VERIFY_SESSION = "gatehouse.v1.SessionService/VerifySession"

# Of all that are copied.
PASSWORD = "correct horse battery"
# Refreshes, and logins where their capacity is asked for.
IN_FLIGHT = 16
# Enough that nobody logs in twice at a time.
STORM_USERS = 10_000
STORM_CONNECTIONS = 16
STORM_FACTOR = 10
# By then as many wait as may: at ten times the capacity the queue is full in a third of it.
STORM_BUILDS_UP_S = 1


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

    def login_storm(self):
        """What callers notice of ten times as many logins as can be taken, with right passwords; of a server of its own, whose peak is
        that of the storm."""
        from gatehouse.v1 import session_pb2

        server = self._start_server()
        token = self._login(server).tokens.access_token
        self._make_model(server, self._password)
        copied_users.add(self.deployment, "model", STORM_USERS)
        names = map(copied_users.username, range(1, STORM_USERS + 1))
        logins = self._requests("logins", [session_pb2.CreateSessionRequest(login=name, password=PASSWORD) for name in names])
        client, load = self._request_client(server), self._h2load(server.grpc_address)
        verify = (VERIFY_SESSION, session_pb2.VerifySessionRequest(token=token))

        idle_p99, storm_p99, without_retry_info = [], [], 0
        for _ in range(self._plan.rounds):
            idle_p99.append(load.latencies(*verify, self._plan.seconds)[1])
            capacity = client.run(CREATE_SESSION, logins, self._plan.seconds, in_flight=IN_FLIGHT)["rate"]
            with client.flood(CREATE_SESSION, logins, STORM_FACTOR * capacity, STORM_CONNECTIONS) as came:
                time.sleep(STORM_BUILDS_UP_S)
                storm_p99.append(load.latencies(*verify, self._plan.seconds)[1])
            if not came["refused"] or not came["rate"]:
                raise RuntimeError(f"no storm: {came}")
            without_retry_info += came["without_retry_info"]
        self.report.add("verify_p99_in_login_storm", statistics.median(storm_p99), "us", statistics.median(idle_p99), "idle")
        self.report.add("login_storm_without_retry_info", without_retry_info, "refusals")
        self.report.add("login_storm_memory", cost.peak_bytes(server.pid) / 2**20, "MiB")
        server.discard()

    @staticmethod
    def _make_model(server, root_password):
        """The user whom copied_users copies."""
        from tests.e2e.support.client import Client

        with Client(server.grpc_address) as admin:
            admin.login("root", root_password)
            admin.CreateUser(user={"username": "model", "email": "model@example.com"}, password=PASSWORD)
