"""What a snapshot that is held open does to tables under load. Started by tools/bloat, which builds what this needs.

Three stretches of the same length and the same load: before, while a REPEATABLE READ transaction keeps its snapshot, and after.
Nothing that dies while it is held can be removed, so a table that is updated or deleted from grows as long. What would have grown
anyway is known from the stretch before: `ratio` is how large a table became against how large it would have been.
"""

import argparse
import os
import statistics
import subprocess
import sys
import threading
import time
import unittest

from tests.bench import bloat_verdict, webhooks, yardsticks

# As on a machine of one's own: autovacuum looks once in a while, and cleans what it may.
POSTGRES = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "max_connections": "200",
}

# Partitions are counted with the table that they are of.
SIZES = """
SELECT coalesce(parent.relname, c.relname), sum(pg_total_relation_size(c.oid)), sum(coalesce(s.n_dead_tup, 0))
FROM pg_class c
LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
LEFT JOIN pg_class parent ON parent.oid = i.inhparent
LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relnamespace = 'gatehouse'::regnamespace AND c.relkind = 'r'
GROUP BY 1 ORDER BY 1
"""


class Sample:
    """Of all tables at one moment: bytes with indexes, and rows that are dead."""

    def __init__(self, deployment):
        self.bytes, self.dead = {}, {}
        for line in deployment.sql(SIZES).splitlines():
            name, size, dead = line.split("|")
            self.bytes[name], self.dead[name] = int(size), int(dead)


class HeldSnapshot:
    """A transaction of another client, which has read once and does nothing more, until the block ends."""

    def __init__(self, deployment):
        from tests.e2e.support import postgres

        # What a server sets for its own sessions ends such a transaction; a report or a dump sets nothing.
        self._psql = subprocess.Popen(
            [f"{postgres.bin_dir()}/psql", "-X", "-q", "-A", "-t", "-d", deployment.dsn],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self):
        self._psql.stdin.write("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM gatehouse.endpoint;\n")
        self._psql.stdin.flush()
        self._psql.stdout.readline()
        return self

    def __exit__(self, *_):
        self._psql.communicate("COMMIT;\n")
        if self._psql.returncode != 0:
            raise RuntimeError("the snapshot was lost")


class Load:
    """Webhooks at a rate, logins that end, users that change, records of the log: until the block ends."""

    def __init__(self, bin_dir, server, token, rate):
        self._bin, self._server, self._token, self._rate = bin_dir, server, token, rate
        self._over = threading.Event()
        self._threads = []
        # Of runs of ten seconds: when each ended, and how late its webhooks were.
        self._latencies = []
        self.failures = []

    def _path(self, program):
        return os.path.join(self._bin, "tests/bench", program)

    def __enter__(self):
        from tests.e2e.support.client import Client

        with Client(self._server.grpc_address, self._token) as client:
            user = client.CreateUser(user={"username": "bloat"}, password="correct horse battery").user.id
        calls = (
            ("UserService/UpdateUser", {"user_id": user, "user": {"metadata": {"n": "AAAAAAAA"}}, "update_mask": "metadata"}, 2),
            ("SessionService/CreateSession", {"login": "bloat", "password": "correct horse battery"}, 1),
            ("AuditService/RecordEvent", {"event": {"type": "bloat.recorded"}}, 1),
        )
        self._spawn(self._webhooks)
        for method, request, in_flight in calls:
            self._spawn(self._calls, "gatehouse.v1." + method, request, in_flight)
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _spawn(self, work, *arguments):
        thread = threading.Thread(target=self._again_and_again, args=(work, *arguments), daemon=True)
        thread.start()
        self._threads.append(thread)

    def _again_and_again(self, work, *arguments):
        while not self._over.is_set():
            try:
                work(*arguments)
            except Exception as error:  # pylint: disable=broad-except
                self.failures.append(error)
                return

    def _webhooks(self):
        words = [self._path("webhook_bench"), f"--address={self._server.grpc_address}", f"--token={self._token}"]
        run = webhooks.delivered(yardsticks.start([*words, "--seconds=10", f"--rate={self._rate}"]))
        self._latencies.append((time.monotonic(), run["p99_ms"]))

    def p99_since(self, begin):
        """In milliseconds, of the middle one of the runs since; nothing if there is none."""
        taken = [p99 for end, p99 in self._latencies if end > begin]
        return statistics.median(taken) if taken else None

    def _calls(self, method, request, in_flight):
        load = yardsticks.LoadClient(self._path("load_client"), self._server.grpc_address, self._token, 0)
        # A tenth of the time: the machine has to have some to spare.
        load.run(method, request, 0.5, in_flight=in_flight, unique="AAAAAAAA")
        self._over.wait(4.5)


def stretch(name, seconds, load, deployment):
    """Waits. How it stands at its end, and how late webhooks were (p99, in milliseconds)."""
    print(f"{name}, {seconds:.0f} s", file=sys.stderr, flush=True)
    begin = time.monotonic()
    while time.monotonic() < begin + seconds:
        if load.failures:
            raise load.failures[0]
        time.sleep(min(1, seconds))
    p99 = load.p99_since(begin)
    if p99 is not None:
        print(f"{name}: webhooks have come within {p99:.1f} ms (p99)", flush=True)
    return Sample(deployment), p99


def main():
    parser = argparse.ArgumentParser(prog="tools/bloat")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=int, default=300)
    parser.add_argument("--least-mib", type=float, default=8)
    options = parser.parse_args()
    os.environ["GATEHOUSE_BINARY"] = os.path.join(options.bin, "service/main/gatehouse")
    from tests.e2e.support import client, deployment, postgres

    case = unittest.TestCase()
    try:
        site = deployment.Deployment(case, postgres.Postgres(case, POSTGRES))
        site.env.update(
            GATEHOUSE_WEBHOOK_ALLOW_HTTP="true",
            GATEHOUSE_WEBHOOK_ALLOWED_NETWORKS="127.0.0.0/8",
            GATEHOUSE_AUTH_PUBLIC_REQUESTS_PER_SECOND="0",
            GATEHOUSE_AUTH_ACCESS_TOKEN_TTL_S="86400",
            GATEHOUSE_LOG_LEVEL="warning",
        )
        password = site.seed_admin()
        server = site.serve()
        with client.Client(server.grpc_address) as admin:
            token = admin.login("root", password).tokens.access_token
        print(yardsticks.machine(), flush=True)
        seconds = options.minutes * 60
        with Load(options.bin, server, token, options.rate) as load:
            # Tables that are filled at once at the beginning are no growth.
            begin, _ = stretch("warming up", min(30, seconds), load, site)
            before, before_p99 = stretch("before", seconds, load, site)
            with HeldSnapshot(site):
                held, held_p99 = stretch("held", seconds, load, site)
            after, _ = stretch("after", seconds, load, site)
        text, bloated = bloat_verdict.table((begin, before, held, after), options.least_mib * 2**20)
        print(text)
        problems = bloat_verdict.problems(bloated, before_p99, held_p99)
        print("\n".join(problems) or "no large table grew beyond twice what it would have been, and webhooks were hardly later")
        sys.exit(1 if problems else 0)
    finally:
        case.doCleanups()


if __name__ == "__main__":
    main()
