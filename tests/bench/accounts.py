"""The figures of accounts: refreshes, calls by key among many users, logins that come ten times as fast as they can be taken."""

import random
import statistics
import time

from tests.bench import copied_users, cost

CREATE_SESSION = "gatehouse.v1.SessionService/CreateSession"
GET_USER = "gatehouse.v1.UserService/GetUser"
REFRESH_SESSION = "gatehouse.v1.SessionService/RefreshSession"
VERIFY_SESSION = "gatehouse.v1.SessionService/VerifySession"

# Of all that are copied.
PASSWORD = "correct horse battery"
# Refreshes, and logins where their capacity is asked for.
IN_FLIGHT = 16
STORM_USERS = 10_000
STORM_CONNECTIONS = 16
STORM_FACTOR = 10
# By then as many wait as may: at ten times the capacity the queue is full in a third of it.
STORM_BUILDS_UP_S = 1
# About as many as a round makes of any call: all over the table, and hardly one twice.
KEYED_REQUESTS = 100_000
# Where logins are only the way to tokens.
CHEAP_HASHES = {"GATEHOUSE_AUTH_ARGON2_MEMORY_KIB": "64", "GATEHOUSE_AUTH_ARGON2_ITERATIONS": "1"}


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
        logins = self._logins_of_many(server)
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

    def _logins_of_many(self, server):
        """Requests of so many users that nobody logs in twice at a time."""
        from gatehouse.v1 import session_pb2

        if self._logins is None:
            self._make_model(server, self._password)
            copied_users.add(self.deployment, "model", STORM_USERS)
            names = map(copied_users.username, range(1, STORM_USERS + 1))
            requests = [session_pb2.CreateSessionRequest(login=name, password=PASSWORD) for name in names]
            self._logins = self._requests("logins", requests)
        return self._logins

    def keyed_calls(self):
        """Calls about one of many users, drawn anew for each call: of two servers in turn, one of which has ten times as many."""
        few, many = self._plan.keyed_users
        measures, servers = {}, []
        for number in (few, many):
            server, calls = self._keyed_calls_among(number)
            servers.append(server)
            measures.update({(name, number): measure for name, measure in calls.items()})
        rates = self._interleave(dict(sorted(measures.items())))
        for name in dict.fromkeys(name for name, _ in measures):
            self.report.add(name, 1e6 / rates[name, many], "us", 1e6 / rates[name, few], f"{few:,} users")
        for server in servers:
            server.discard()

    def _keyed_calls_among(self, number):
        """A server in whose database there are so many users, each with a session, and {figure: measure of its calls a second}."""
        from gatehouse.v1 import session_pb2, user_pb2

        from tests.e2e.support import deployment
        from tests.e2e.support.client import Client

        site = deployment.Deployment(self._case, self._postgres)
        password, key = self._seed(site)
        server = self._start_server(**site.env, **CHEAP_HASHES)
        self._make_model(server, password)
        copied_users.add(site, "model", number, with_sessions=True)
        # What was written is not to be written out while others are measured.
        site.sql("CHECKPOINT")
        source = random.Random(number)
        users = [source.randint(1, number) for _ in range(KEYED_REQUESTS)]
        with Client(server.grpc_address) as caller:
            names = map(copied_users.username, users[: self._plan.keyed_sessions])
            tokens = [caller.CreateSession(login=name, password=PASSWORD).tokens.access_token for name in names]
        full = session_pb2.CONSISTENCY_FULL
        requests = {
            "get_user_at_1m": (GET_USER, [user_pb2.GetUserRequest(user_id=copied_users.user_id(user)) for user in users]),
            "get_user_by_name_at_1m": (GET_USER, [user_pb2.GetUserRequest(username=copied_users.username(user)) for user in users]),
            "verify_session_full_at_1m": (
                VERIFY_SESSION,
                [session_pb2.VerifySessionRequest(token=token, consistency=full) for token in tokens],
            ),
        }
        client = self._request_client(server, key)

        def measure(name):
            method, messages = requests[name]
            file = self._requests(f"{name}-{number}", messages)
            return lambda: client.run(method, file, self._plan.seconds)["rate"]

        return server, {name: measure(name) for name in requests}

    @staticmethod
    def _make_model(server, root_password):
        """The user whom copied_users copies."""
        from tests.e2e.support.client import Client

        with Client(server.grpc_address) as admin:
            admin.login("root", root_password)
            admin.CreateUser(user={"username": "model", "email": "model@example.com"}, password=PASSWORD)
