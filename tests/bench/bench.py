"""Takes every figure of docs/benchmarks.md. Started by tools/bench, which builds what this needs."""

import argparse
import json
import os
import statistics
import sys
import time
import unittest

from tests.bench import accounts, cost, idle, peers, report, webhooks, yardsticks

# Durable, and otherwise as on a machine of one's own.
DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "200",
}
# The defaults, named so that the raw hashes use the same.
ARGON2 = {"argon2_memory_kib": 19456, "argon2_iterations": 2, "argon2_parallelism": 1}

SERVICE = "gatehouse.v1."
NOOP = "gatehouse.bench.v1.NoopService/Noop"

# Replaced by another text in each call of gRPC's client.
UNIQUE = "AAAAAAAAAAAAAAAAAAAA"
# More than can be created in a second: a request that is repeated fails the run.
MOST_USERS_PER_S = 20_000


class Plan:
    """How long and how often."""

    def __init__(self, quick):
        # Many short rounds: the speed of a shared machine changes within seconds, and should change for both figures of a ratio.
        self.rounds = 1 if quick else 7
        self.seconds = 1 if quick else 2
        self.warm_up_s = 0.3
        self.starts = 3 if quick else 7
        self.webhook_seconds = 3 if quick else 6
        self.webhook_pending = 20_000 if quick else 1_000_000
        self.webhook_endpoints = 500 if quick else 10_000
        self.import_users = 20_000 if quick else 50_000
        self.calls = 20_000 if quick else 200_000
        self.idle_connections = 1000 if quick else 10_000
        self.idle_tls_connections = 200 if quick else 1000
        self.idle_streams = 100 if quick else 1000
        self.logouts = 50 if quick else 200
        self.keyed_users = (10_000, 100_000) if quick else (100_000, 1_000_000)
        self.keyed_sessions = 100 if quick else 1000


def import_lines(turn, number):
    """Users as they come from elsewhere: an address, a name, a bcrypt hash, some data."""
    password_hash = "$2b$12$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS"
    lines = []
    for i in range(number):
        name = f"import-{turn}-{i}"
        user = {"username": name, "email": f"{name}@example.com", "firstName": "Ada", "lastName": "Lovelace"}
        user["metadata"] = {"former_id": i, "plan": "gold"}
        lines.append(json.dumps({"user": user, "passwordHash": password_hash}))
    return "\n".join(lines) + "\n"


class Bench(accounts.AccountFigures, webhooks.WebhookFigures):
    """One Postgres, one server, one caller."""

    def __init__(self, case, bin_dir, plan):
        # Imported here, since they read GATEHOUSE_BINARY.
        from tests.e2e.support import deployment, postgres

        self._case = case
        self._bin = bin_dir
        self._plan = plan
        self.report = report.Report()
        self._postgres = postgres.Postgres(case, DURABLE)
        self.deployment = deployment.Deployment(case, self._postgres)
        self.deployment.env.update({f"GATEHOUSE_AUTH_{name.upper()}": str(value) for name, value in ARGON2.items()})
        self.deployment.env.update(
            {
                "GATEHOUSE_AUTH_PUBLIC_REQUESTS_PER_SECOND": "0",
                "GATEHOUSE_AUTH_ACCESS_TOKEN_TTL_S": "86400",
                "GATEHOUSE_WEBHOOK_ALLOW_HTTP": "true",
                "GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
                "GATEHOUSE_LOG_LEVEL": "warning",
            }
        )
        self._pgbench = yardsticks.Pgbench(self.deployment)
        self._password, self._key = self._seed(self.deployment)
        self._started = None
        self._echo = None
        self._logins = None

    @staticmethod
    def _seed(site):
        """The password of its administrator, "root", and an API key."""
        password = site.seed_admin()
        key_file = os.path.join(site.folder, "key")
        permissions = ["sessions.verify", "users.read", "users.write", "events.read", "events.write", "events.publish"]
        permissions += ["endpoints.write", "endpoints.read"]
        seed = {"api_keys": [{"display_name": "bench", "permissions": permissions, "key_file": key_file}]}
        site.run("seed", site.write("key.json", json.dumps(seed)))
        with open(key_file, encoding="utf-8") as file:
            return password, file.read().strip()

    def _path(self, program):
        return os.path.join(self._bin, "tests/bench", program)

    def _start_server(self, **env):
        """One with the no-op method."""
        from tests.e2e.support.gatehouse import Gatehouse

        addresses = {"GATEHOUSE_GRPC_ADDRESS": "127.0.0.1:0", "GATEHOUSE_HTTP_ADDRESS": "127.0.0.1:0"}
        env = {**self.deployment.env, **env, **addresses}
        server = Gatehouse(env=env, binary=self._path("bench_server"))
        self._case.addCleanup(server.discard)
        return server.wait_ready()

    # Started when it is first needed.
    def _server(self):
        if self._started is None:
            self._started = self._start_server()
        return self._started

    def _h2load(self, address):
        return yardsticks.H2load(address, self._key, self._plan.warm_up_s, self.deployment.folder)

    def _load(self, server=None):
        address = (server or self._server()).grpc_address
        return yardsticks.LoadClient(self._path("load_client"), address, self._key, self._plan.warm_up_s)

    def _request_client(self, server, token=""):
        return yardsticks.RequestClient(self._path("request_client"), server.grpc_address, token, self._plan.warm_up_s)

    def _requests(self, name, requests):
        """A file of them for a request client."""
        return yardsticks.write_requests(os.path.join(self.deployment.folder, name), requests)

    def _echo_address(self):
        if self._echo is None:
            self._echo = yardsticks.EchoServer(self._path("echo_server"))
            self._case.addCleanup(self._echo.stop)
        return self._echo.address

    def _login(self, server=None):
        from tests.e2e.support.client import Client

        with Client((server or self._server()).grpc_address) as client:
            return client.login("root", self._password)

    def _by_h2load(self, method, request, server=None, **options):
        load = self._h2load((server or self._server()).grpc_address)
        return lambda: load.run(method, request, self._plan.seconds, **options)

    def _by_grpcpp(self, method, request, server=None, **options):
        from google.protobuf import json_format

        load, fields = self._load(server), json_format.MessageToDict(request, preserving_proto_field_name=True)
        return lambda: load.run(method, fields, self._plan.seconds, **options)["rate"]

    def _both_ways(self, name, method, request, **options):
        """Measures of one call: by h2load, and by gRPC's client."""
        return {
            name: self._by_h2load(method, request, **options),
            name + "_client": self._by_grpcpp(method, request, **options),
        }

    def _report_both(self, name, rates, unit, baseline, baseline_name):
        self.report.add(name, rates[name], unit, baseline, baseline_name, rates[name + "_client"])

    def _interleave(self, measures):
        """{name: median}: every round takes one measure of each, so that what disturbs the machine disturbs all."""
        taken = {name: [] for name in measures}
        for _ in range(self._plan.rounds):
            for name, measure in measures.items():
                taken[name].append(measure())
        return {name: statistics.median(values) for name, values in taken.items()}

    def calls(self):
        from gatehouse.v1 import session_pb2, user_pb2
        from google.protobuf import empty_pb2

        login = self._login()
        verify = (SERVICE + "SessionService/VerifySession", session_pb2.VerifySessionRequest(token=login.tokens.access_token))
        get_user = (SERVICE + "UserService/GetUser", user_pb2.GetUserRequest(user_id=login.session.user_id))
        echo = self._h2load(self._echo_address())
        rates = self._interleave(
            {
                "echo": lambda: echo.run(*verify, self._plan.seconds),
                "noop": self._by_h2load(NOOP, empty_pb2.Empty()),
                **self._both_ways("verify_session_cached", *verify),
                **self._both_ways("get_user", *get_user),
                "pgbench": lambda: self._pgbench.run("select", self._plan.seconds),
            }
        )
        self.report.add("noop", rates["noop"], "calls/s", rates["echo"], "bare nghttp2")
        self._report_both("verify_session_cached", rates, "calls/s", rates["echo"], "bare nghttp2")
        self._report_both("get_user", rates, "calls/s", rates["pgbench"], "pgbench selects")
        kratos = peers.KRATOS_SESSION_CHECKS * rates["pgbench"]
        self.report.add("session_checks_beside_kratos", rates["verify_session_cached"], "calls/s", kratos, "Kratos by pgbench selects")

    def cost_of_a_call(self):
        """What one of many calls takes of the server: by its own account, and by a count of its allocations."""
        from gatehouse.v1 import session_pb2

        request = session_pb2.VerifySessionRequest(token=self._login().tokens.access_token)
        call = (SERVICE + "SessionService/VerifySession", request)
        with cost.AllocationCount(self._path("liballocation_counter.so"), self.deployment.folder) as allocations:
            counted = self._start_server(**allocations.environment)
            made = self._per_call(counted.grpc_address, call, allocations.count)
            counted.discard()
        self.report.add("allocations_per_call", made, "")
        server = self._server()
        self.report.add("cpu_per_call", self._per_call(server.grpc_address, call, lambda: cost.cpu_us(server.pid)), "us")
        echo = self._echo_address()
        used = self._per_call(echo, call, lambda: cost.cpu_us(self._echo.pid))
        self.report.add("cpu_per_call_of_echo", used, "us")

    def _per_call(self, address, call, meter):
        """How far the meter goes on for each call."""
        load = self._h2load(address)
        load.calls(*call, self._plan.calls // 10)
        before = meter()
        load.calls(*call, self._plan.calls)
        return (meter() - before) / self._plan.calls

    def one_call(self):
        from gatehouse.v1 import session_pb2

        request = session_pb2.VerifySessionRequest(token=self._login().tokens.access_token)
        addresses = {"echo": self._echo_address(), "ours": self._server().grpc_address}
        taken = {name: [] for name in addresses}
        for _ in range(self._plan.rounds):
            for name, address in addresses.items():
                load = self._h2load(address)
                taken[name].append(load.latencies(SERVICE + "SessionService/VerifySession", request, self._plan.seconds))
        for position, percentile in enumerate(("p50", "p99")):
            echo, ours = (statistics.median(pair[position] for pair in taken[name]) for name in addresses)
            self.report.add(f"one_call_{percentile}", ours, "us", echo, "bare nghttp2")

    def writes(self):
        from gatehouse.v1 import audit_pb2, user_pb2

        event = audit_pb2.RecordEventRequest(event=audit_pb2.Event(type="bench.recorded"))
        event.event.details.update({"amount": 12, "note": "a kilobyte " * 90})
        create_user, in_flight = SERVICE + "UserService/CreateUser", 16
        load, client = self._load(), self._request_client(self._server(), self._key)

        # Each has a name of its own, which h2load can not make.
        def create():
            count = round(MOST_USERS_PER_S * (self._plan.seconds + self._plan.warm_up_s))
            names = (f"bench-{time.monotonic_ns()}-{number}" for number in range(count))
            users = self._requests("users", (user_pb2.CreateUserRequest(user=user_pb2.User(username=name)) for name in names))
            return client.run(create_user, users, self._plan.seconds, in_flight=in_flight)["rate"]

        def create_by_grpcpp():
            fields = {"user": {"username": f"bench-{UNIQUE}"}}
            return load.run(create_user, fields, self._plan.seconds, in_flight=in_flight, unique=UNIQUE)["rate"]

        rates = self._interleave(
            {
                **self._both_ways("record_event", SERVICE + "AuditService/RecordEvent", event),
                "create_user": create,
                "create_user_client": create_by_grpcpp,
                "pgbench": lambda: self._pgbench.run("insert", self._plan.seconds),
            }
        )
        self._report_both("record_event", rates, "events/s", rates["pgbench"], "pgbench inserts")
        self._report_both("create_user", rates, "users/s", rates["pgbench"], "pgbench inserts")
        kratos = peers.KRATOS_IDENTITIES * rates["pgbench"]
        self.report.add("create_user_beside_kratos", rates["create_user"], "users/s", kratos, "Kratos by pgbench inserts")

    def imports(self):
        """Users with given hashes by `gatehouse import`, beside a server that gives their events places."""
        self._server()
        rates = []
        for turn in range(self._plan.rounds):
            file = self.deployment.write(f"import-{turn}.jsonl", import_lines(turn, self._plan.import_users))
            output, _ = self.deployment.run("import", file, "--key", f"bench-{turn}")
            rates.append(json.loads(output.splitlines()[-1])["rows_per_second"])
        self.report.add("import_users", statistics.median(rates), "users/s")

    def login(self):
        threads = len(os.sched_getaffinity(0))
        server = self._server()
        client, logins = self._request_client(server), self._logins_of_many(server)

        def raw(*words):
            return yardsticks.raw_argon2id(self._path("raw_argon2id"), ARGON2, threads, self._plan.seconds, *words)

        rates = self._interleave(
            {
                "login": lambda: client.run(accounts.CREATE_SESSION, logins, self._plan.seconds, accounts.IN_FLIGHT)["rate"],
                "libargon2": raw,
                "own": lambda: raw("--own"),
            }
        )
        self.report.add("login", rates["login"], "logins/s", rates["libargon2"], "raw Argon2id (libargon2)")
        self.report.add("login_of_own_hash", rates["login"], "logins/s", rates["own"], "raw Argon2id (as the server calls it)")

    def login_abuse(self):
        """What callers notice of 1,000 wrong passwords a second, one each millisecond. Not of root, which could not log in for later
        figures."""
        from gatehouse.v1 import session_pb2

        verify = (SERVICE + "SessionService/VerifySession", session_pb2.VerifySessionRequest(token=self._login().tokens.access_token))
        wrong = self._requests("wrong-logins", [session_pb2.CreateSessionRequest(login="eve", password="wrong")])
        load, client = self._h2load(self._server().grpc_address), self._request_client(self._server())
        idle_p99, abused_p99 = [], []
        for _ in range(self._plan.rounds):
            idle_p99.append(load.latencies(*verify, self._plan.seconds)[1])
            with client.flood(SERVICE + "SessionService/CreateSession", wrong, 1000):
                abused_p99.append(load.latencies(*verify, self._plan.seconds)[1])
        self.report.add("verify_p99_under_wrong_logins", statistics.median(abused_p99), "us", statistics.median(idle_p99), "idle")

    def idle(self):
        """Each time of a fresh server."""
        from tests.conformance.support.certificates import make_certificates

        plan = self._plan
        server = self._start_server()
        with idle.Crowd(server) as crowd:
            self.report.add("idle_connection", crowd.connect(plan.idle_connections), "KiB")
            self.report.add("idle_stream", crowd.tail_events(plan.idle_streams, self._key), "KiB")
            self.report.add("idle_memory_of_all", idle.settled_bytes(server.pid) / 2**20, "MiB")
        server.discard()
        files = make_certificates(self.deployment.folder)
        server = self._start_server(
            GATEHOUSE_GRPC_TLS_CERTIFICATE_FILE=files.certificate, GATEHOUSE_GRPC_TLS_KEY_FILE=files.key
        )
        with idle.Crowd(server, tls=True) as crowd:
            self.report.add("idle_tls_connection", crowd.connect(plan.idle_tls_connections), "KiB")
        server.discard()

    def verifying(self):
        """By the verifier in C++, in another process than the server."""
        words = [f"--address={self._server().grpc_address}", "--login=root", f"--logouts={self._plan.logouts}"]
        secrets = {"GATEHOUSE_API_KEY": self._key, "GATEHOUSE_PASSWORD": self._password}
        runs = [
            yardsticks.finish(yardsticks.start([self._path("verifier_bench"), *words], secrets)) for _ in range(self._plan.rounds)
        ]
        for name, member, unit in (
            ("logout_reaches_verifier_p50", "logout_p50_ms", "ms"),
            ("logout_reaches_verifier_p99", "logout_p99_ms", "ms"),
            ("local_check", "check_us", "us"),
            ("local_check_of_a_new_token", "first_check_us", "us"),
        ):
            self.report.add(name, statistics.median(run[member] for run in runs), unit)

    def start_and_memory(self):
        """Of the program itself, without the no-op method and with its defaults."""
        from tests.e2e.support.gatehouse import Gatehouse

        times = []
        for _ in range(self._plan.starts):
            begin = time.monotonic()
            server = Gatehouse.serve(self.deployment.env)
            times.append((server.ready_at - begin) * 1000)
            memory = idle.settled_bytes(server.pid) / 2**20
            server.stop()
            server.discard()
        self.report.add("idle_memory", memory, "MiB")
        self.report.add("start_to_serving", statistics.median(times), "ms")


STEPS = {
    "calls": ("noop", "verify_session_cached", "get_user", "session_checks_beside_kratos"),
    "cost_of_a_call": ("allocations_per_call", "cpu_per_call"),
    "one_call": ("one_call_p50", "one_call_p99"),
    "writes": ("record_event", "create_user", "create_user_beside_kratos"),
    "imports": ("import_users",),
    "refreshes": ("refresh_session",),
    "login": ("login", "login_of_own_hash"),
    "login_abuse": ("verify_p99_under_wrong_logins",),
    "login_storm": ("verify_p99_in_login_storm", "login_storm_without_retry_info", "login_storm_memory"),
    "keyed_calls": ("get_user_at_1m", "get_user_by_name_at_1m", "verify_session_full_at_1m"),
    "webhooks": ("webhook_delivery", "webhook_p50_at_200", "webhook_lost_over_kill", "webhook_takeover"),
    "webhooks_at_300": ("webhook_p50_at_300", "webhook_p99_at_300", "webhook_postgres_cpu_at_300", "webhook_statements_at_300"),
    "webhooks_to_one_endpoint": ("webhook_one_endpoint",),
    "webhook_fan_out": ("webhook_fan_out_10", "webhook_fan_out_10_p99"),
    "webhooks_beside_others": ("webhook_p99_beside_refusing", "webhook_p99_beside_hanging"),
    "webhooks_beside_a_backlog": ("webhook_p99_beside_backlog", "webhook_memory_with_backlog"),
    "webhooks_to_many_endpoints": ("webhook_to_many_endpoints",),
    "idle": ("idle_connection", "idle_stream", "idle_memory_of_all", "idle_tls_connection"),
    "verifying": (
        "logout_reaches_verifier_p50",
        "logout_reaches_verifier_p99",
        "local_check",
        "local_check_of_a_new_token",
    ),
    "start_and_memory": ("idle_memory", "start_to_serving"),
}


def main():
    parser = argparse.ArgumentParser(prog="tools/bench")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--only", metavar="NAME", action="append", choices=[name for names in STEPS.values() for name in names])
    options = parser.parse_args()
    os.environ["GATEHOUSE_BINARY"] = os.path.join(options.bin, "service/main/gatehouse")

    print(yardsticks.machine(), flush=True)
    case = unittest.TestCase()
    try:
        bench = Bench(case, options.bin, Plan(options.quick))
        try:
            for step, names in STEPS.items():
                if not options.only or set(names) & set(options.only):
                    print(f"measuring {', '.join(names)}", file=sys.stderr, flush=True)
                    getattr(bench, step)()
        finally:
            # Also what was measured before something failed.
            print(bench.report.table())
            if options.json:
                bench.report.write_json(options.json)
    finally:
        case.doCleanups()
    missed = bench.report.missed()
    print(f"short of the target: {', '.join(missed)}" if missed else "every target is reached")


if __name__ == "__main__":
    main()
