"""Takes every figure of docs/benchmarks.md. Started by tools/bench, which builds what this needs."""

import argparse
import json
import os
import statistics
import sys
import time
import unittest

from tests.bench import report, yardsticks

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


class Plan:
    """How long and how often."""

    def __init__(self, quick):
        # Many short rounds: the speed of a shared machine changes within seconds, and should change for both figures of a ratio.
        self.rounds = 1 if quick else 7
        self.seconds = 2
        self.warm_up_s = 0.3
        self.starts = 3 if quick else 7
        self.webhook_seconds = 3 if quick else 6


class Bench:
    """One Postgres, one server, one caller."""

    def __init__(self, case, bin_dir, plan):
        # Imported here, since they read GATEHOUSE_BINARY.
        from tests.e2e.support import deployment, postgres

        self._case = case
        self._bin = bin_dir
        self._plan = plan
        self.report = report.Report()
        self.deployment = deployment.Deployment(case, postgres.Postgres(case, DURABLE))
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
        self._key = self._seed()
        self._server = None

    def _seed(self):
        password = self.deployment.seed_admin()
        key_file = os.path.join(self.deployment.folder, "key")
        permissions = ["sessions.verify", "users.read", "events.write", "events.publish", "endpoints.write", "endpoints.read"]
        seed = {"api_keys": [{"display_name": "bench", "permissions": permissions, "key_file": key_file}]}
        self.deployment.run("seed", self.deployment.write("key.json", json.dumps(seed)))
        self._password = password
        with open(key_file, encoding="utf-8") as file:
            return file.read().strip()

    def _path(self, program):
        return os.path.join(self._bin, "tests/bench", program)

    # The server with the no-op method, started when it is first needed.
    def _bench_server(self):
        if self._server is None:
            from tests.e2e.support.gatehouse import Gatehouse

            env = {**self.deployment.env, "GATEHOUSE_GRPC_ADDRESS": "127.0.0.1:0", "GATEHOUSE_HTTP_ADDRESS": "127.0.0.1:0"}
            self._server = Gatehouse(env=env, binary=self._path("bench_server"))
            self._case.addCleanup(self._server.discard)
            self._server.wait_ready()
        return self._server

    def _load(self):
        address = self._bench_server().grpc_address
        return yardsticks.LoadClient(self._path("load_client"), address, self._key, self._plan.warm_up_s)

    def _requests(self):
        """{name: (method, request)} of what is compared with the no-op."""
        from tests.e2e.support.client import Client

        with Client(self._bench_server().grpc_address) as client:
            login = client.login("root", self._password)
        return {
            "noop": (NOOP, {}),
            "verify_session_cached": (SERVICE + "SessionService/VerifySession", {"token": login.tokens.access_token}),
            "get_user": (SERVICE + "UserService/GetUser", {"user_id": login.session.user_id}),
        }

    def _interleave(self, measures):
        """{name: median}: every round takes one measure of each, so that what disturbs the machine disturbs all."""
        taken = {name: [] for name in measures}
        for _ in range(self._plan.rounds):
            for name, measure in measures.items():
                taken[name].append(measure())
        return {name: statistics.median(values) for name, values in taken.items()}

    def calls(self):
        load, seconds = self._load(), self._plan.seconds
        measures = {
            name: lambda method=method, request=request: load.run(method, request, seconds)["rate"]
            for name, (method, request) in self._requests().items()
        }
        measures["pgbench"] = lambda: self._pgbench.run("select", seconds)
        rates = self._interleave(measures)
        self.report.add("noop", rates["noop"], "calls/s", rates["pgbench"], "pgbench selects")
        for name in ("verify_session_cached", "get_user"):
            self.report.add(name, rates[name], "calls/s", rates["noop"], "noop")

    def idle_latency(self):
        load, seconds = self._load(), self._plan.seconds
        requests = self._requests()
        runs = {"noop": [], "verify_session_cached": []}
        for _ in range(self._plan.rounds):
            for name, results in runs.items():
                results.append(load.run(*requests[name], seconds, in_flight=1))

        def median(name, percentile):
            return statistics.median(run[percentile] for run in runs[name])

        noop_p99 = median("noop", "p99_us")
        self.report.add("noop_p99_idle", noop_p99, "us", median("noop", "p50_us"), "noop p50")
        self.report.add("verify_session_p99_idle", median("verify_session_cached", "p99_us"), "us", noop_p99, "noop p99")

    def record_event(self):
        load, seconds = self._load(), self._plan.seconds
        event = {"event": {"type": "bench.recorded", "details": {"amount": 12, "note": "a small event"}}}
        rates = self._interleave(
            {
                "ours": lambda: load.run(SERVICE + "AuditService/RecordEvent", event, seconds)["rate"],
                "pgbench": lambda: self._pgbench.run("insert", seconds),
            }
        )
        self.report.add("record_event", rates["ours"], "events/s", rates["pgbench"], "pgbench inserts")

    def login(self):
        load, seconds = self._load(), self._plan.seconds
        request = {"login": "root", "password": self._password}
        threads = len(os.sched_getaffinity(0))

        def raw(*words):
            return yardsticks.raw_argon2id(self._path("raw_argon2id"), ARGON2, threads, seconds, *words)

        rates = self._interleave(
            {
                "ours": lambda: load.run(SERVICE + "SessionService/CreateSession", request, seconds, in_flight=16)["rate"],
                "libargon2": raw,
                "own": lambda: raw("--own"),
            }
        )
        self.report.add("login", rates["ours"], "logins/s", rates["libargon2"], "raw Argon2id (libargon2)")
        self.report.add("login_of_own_hash", rates["ours"], "logins/s", rates["own"], "raw Argon2id (as the server calls it)")

    def webhooks(self):
        address, plan = self._bench_server().grpc_address, self._plan
        runs = [
            yardsticks.finish(self._webhook_bench(address, f"--seconds={plan.webhook_seconds}")) for _ in range(plan.rounds)
        ]
        self.report.add("webhook_delivery", statistics.median(run["rate"] for run in runs), "events/s")
        paced = yardsticks.finish(self._webhook_bench(address, f"--seconds={plan.webhook_seconds}", "--rate=200"))
        self.report.add("webhook_p50_at_200", paced["p50_ms"], "ms")
        self.report.add("webhook_lost_over_kill", self._lost_over_kill(), "events")

    def _lost_over_kill(self):
        """Acknowledged events that never arrived although the server was killed and started again in mid-run."""
        from tests.e2e.support.gatehouse import Gatehouse

        first = Gatehouse.serve(self.deployment.env)
        self._case.addCleanup(first.discard)
        load = self._webhook_bench(first.grpc_address, f"--seconds={self._plan.webhook_seconds}", "--in_flight=16")
        # Somewhere in the middle: the point is that nobody chose the moment.
        time.sleep(self._plan.webhook_seconds / 2)
        first.kill9()
        second = Gatehouse.serve(self.deployment.env, f"--grpc-address={first.grpc_address}")
        self._case.addCleanup(second.discard)
        result = yardsticks.finish(load)
        second.stop()
        return result["missing"]

    def _webhook_bench(self, address, *words):
        return yardsticks.start([self._path("webhook_bench"), f"--address={address}", f"--token={self._key}", *words])

    def start_and_memory(self):
        """Of the program itself, without the no-op method and with its defaults."""
        from tests.e2e.support.gatehouse import Gatehouse

        times = []
        for _ in range(self._plan.starts):
            begin = time.monotonic()
            server = Gatehouse.serve(self.deployment.env)
            times.append((server.ready_at - begin) * 1000)
            memory = _settled_memory(server.pid)
            server.stop()
            server.discard()
        self.report.add("idle_memory", memory, "MiB")
        self.report.add("start_to_serving", statistics.median(times), "ms")


def _settled_memory(pid):
    """Resident MiB once they no longer change: workers take their first turn after start."""
    from tests.e2e.support.processes import resident_bytes

    last, now = -1.0, resident_bytes(pid) / 2**20
    while abs(now - last) > 0.1:
        time.sleep(0.5)
        last, now = now, resident_bytes(pid) / 2**20
    return now


STEPS = {
    "calls": ("noop", "verify_session_cached", "get_user"),
    "idle_latency": ("noop_p99_idle", "verify_session_p99_idle"),
    "record_event": ("record_event",),
    "login": ("login", "login_of_own_hash"),
    "webhooks": ("webhook_delivery", "webhook_p50_at_200", "webhook_lost_over_kill"),
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
        for step, names in STEPS.items():
            if not options.only or set(names) & set(options.only):
                print(f"measuring {', '.join(names)}", file=sys.stderr, flush=True)
                getattr(bench, step)()
    finally:
        case.doCleanups()
    print(bench.report.table())
    if options.json:
        bench.report.write_json(options.json)
    missed = bench.report.missed()
    print(f"short of the target: {', '.join(missed)}" if missed else "every target is reached")


if __name__ == "__main__":
    main()
