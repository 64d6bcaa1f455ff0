"""The figures of webhooks, taken by tests/bench/webhook_bench.cc, which publishes and receives."""

import re
import statistics
import time

from tests.bench import cost, yardsticks
from tests.e2e.support.http_client import get
from tests.e2e.support.processes import resident_bytes

# Of one call of BatchPublishEvents.
BATCH = 500
# The oldest event that is not delivered yet, while others are published.
MAX_BACKLOG_MS = 50
# Nobody listens there, so what is for it waits.
NOWHERE = "http://127.0.0.1:1/"


def delivered(process):
    """What a run of webhook_bench says, once all deliveries have arrived: what is lost is neither late nor slow."""
    result = yardsticks.finish(process)
    if result["missing"]:
        words = [word for word in process.args[1:] if not word.startswith("--token=")]
        raise RuntimeError(f"{result['missing']} deliveries are missing: {words}")
    return result


class WebhookFigures:
    """Steps of a Bench."""

    def webhooks(self):
        address, plan = self._server().grpc_address, self._plan
        runs = [delivered(self._webhook_bench(address, f"--seconds={plan.webhook_seconds}")) for _ in range(plan.rounds)]
        self.report.add("webhook_delivery", statistics.median(run["rate"] for run in runs), "events/s")
        self.report.add("webhook_p50_at_200", self._paced(200)["p50_ms"], "ms")
        self.report.add("webhook_lost_over_kill", self._lost_over_kill(), "events")
        self.report.add("webhook_takeover", statistics.median(self._takeover() for _ in range(plan.rounds)) * 1000, "ms")

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

    def _takeover(self):
        """Seconds from the kill of the server that delivers to an endpoint to the next delivery, by another one."""
        from tests.e2e.support import client, deployment, receiver

        site = deployment.Deployment(self._case, self._postgres)
        site.env.update({name: value for name, value in self.deployment.env.items() if "WEBHOOK" in name})
        password = site.seed_admin()
        received = receiver.Receiver(self._case)

        def deliver(admin):
            event = admin.PublishEvent(type="bench.event").event_id
            received.wait_for(lambda request: request.id == event)

        owner = site.serve()
        with client.Client(owner.grpc_address) as admin:
            admin.login("root", password)
            admin.CreateEndpoint(endpoint={"url": received.url, "event_types": ["bench.*"]})
            deliver(admin)
        heir = site.serve()
        with client.Client(heir.grpc_address) as admin:
            admin.login("root", password)
            # The owner keeps what it has, since it is in use.
            deliver(admin)
            owner.kill9()
            begin = time.monotonic()
            deliver(admin)
            seconds = time.monotonic() - begin
        heir.stop()
        return seconds

    def _webhook_bench(self, address, *words):
        return yardsticks.start([self._path("webhook_bench"), f"--address={address}", f"--token={self._key}", *words])

    def _complete(self, *words):
        """What one run says, of which nothing may be missing."""
        return delivered(self._webhook_bench(self._server().grpc_address, f"--seconds={self._plan.webhook_seconds}", *words))

    def _paced(self, rate, *words):
        """The same at so many events a second."""
        return self._complete(f"--rate={rate}", *words)

    def webhooks_at_300(self):
        """One endpoint at a rate that a machine has to spare: how late they are, and what Postgres does for each."""
        runs = []
        for _ in range(self._plan.rounds):
            cpu, statements, begin = cost.cpu_us_of_tree(self._postgres.pid), self._statements(), time.monotonic()
            run = self._paced(300)
            seconds = time.monotonic() - begin
            run["cores"] = (cost.cpu_us_of_tree(self._postgres.pid) - cpu) / 1e6 / seconds
            run["statements"] = (self._statements() - statements) / run["published"]
            runs.append(run)
        for name, member, unit in (
            ("webhook_p50_at_300", "p50_ms", "ms"),
            ("webhook_p99_at_300", "p99_ms", "ms"),
            ("webhook_postgres_cpu_at_300", "cores", "cores"),
            ("webhook_statements_at_300", "statements", "per event"),
        ):
            self.report.add(name, statistics.median(run[member] for run in runs), unit)

    def _statements(self):
        """That the server has sent, publishing included."""
        _, text = get(self._server().http_address, "/metrics")
        return sum(float(value) for value in re.findall(r"^gatehouse_database_statements_total\S* (\S+)$", text, re.MULTILINE))

    def webhooks_to_one_endpoint(self):
        """As fast as 32 publishers get rid of them, beside Postgres's inserts."""

        def deliver():
            words = [f"--seconds={self._plan.webhook_seconds}", "--in_flight=32"]
            return delivered(self._webhook_bench(self._server().grpc_address, *words))["rate"]

        rates = self._interleave({"deliveries": deliver, "pgbench": lambda: self._pgbench.run("insert", self._plan.seconds)})
        self.report.add("webhook_one_endpoint", rates["deliveries"], "events/s", rates["pgbench"], "pgbench inserts")

    def webhook_fan_out(self):
        """Each event to ten endpoints, as fast as a bound on their lateness lets them be published: deliveries a second meanwhile,
        beside Postgres's inserts, and how late they are."""

        def deliver():
            run = self._complete("--endpoints=10", f"--max_backlog_ms={MAX_BACKLOG_MS}")
            late.append(run["p99_meanwhile_ms"])
            return run["rate_meanwhile"]

        late = []
        rates = self._interleave({"deliveries": deliver, "pgbench": lambda: self._pgbench.run("insert", self._plan.seconds)})
        self.report.add("webhook_fan_out_10", rates["deliveries"], "deliveries/s", rates["pgbench"], "pgbench inserts")
        self.report.add("webhook_fan_out_10_p99", statistics.median(late), "ms")

    def webhooks_beside_others(self):
        """What five endpoints notice of five others that refuse, or never answer."""
        late = self._interleave(
            {
                "alone": lambda: self._paced(60, "--endpoints=5")["p99_ms"],
                "refusing": lambda: self._paced(60, "--endpoints=5", "--refusing=5")["p99_ms"],
                "hanging": lambda: self._paced(60, "--endpoints=5", "--hanging=5")["p99_ms"],
            }
        )
        self.report.add("webhook_p99_beside_refusing", late["refusing"], "ms", late["alone"], "alone")
        self.report.add("webhook_p99_beside_hanging", late["hanging"], "ms", late["alone"], "alone")

    def webhooks_beside_a_backlog(self):
        """What one endpoint, and the server's memory, notice of events that wait for another."""
        from tests.e2e.support.client import Client

        server = self._server()
        alone = statistics.median(self._paced(300)["p99_ms"] for _ in range(self._plan.rounds))
        memory = resident_bytes(server.pid)
        with Client(server.grpc_address, self._key) as client:
            stuck = client.CreateEndpoint(endpoint={"url": NOWHERE, "event_types": ["bench.waiting"]}).endpoint.id
            self._publish_waiting(self._plan.webhook_pending)
            beside = statistics.median(self._paced(300)["p99_ms"] for _ in range(self._plan.rounds))
            grown = resident_bytes(server.pid)
            pending = client.GetEndpoint(endpoint_id=stuck).endpoint.health.max_pending_count
            if pending < self._plan.webhook_pending:
                raise RuntimeError(f"only {pending} events wait")
            client.DeleteEndpoint(endpoint_id=stuck)
        self.report.add("webhook_p99_beside_backlog", beside, "ms", alone, "alone")
        self.report.add("webhook_memory_with_backlog", grown / 2**20, "MiB", memory / 2**20, "without")

    def _publish_waiting(self, count):
        size = "SELECT coalesce(max(size), 0) FROM gatehouse.event_log_head"
        end = int(self.deployment.sql(size)) + count
        request = {"events": [{"type": "bench.waiting", "data": {"n": n}} for n in range(BATCH)]}
        while int(self.deployment.sql(size)) < end:
            self._load().run("gatehouse.v1.WebhookService/BatchPublishEvents", request, 1, in_flight=4)

    def webhooks_to_many_endpoints(self):
        """From the publishing of one event to the last of its deliveries."""
        words = [f"--endpoints={self._plan.webhook_endpoints}", "--events=1", "--in_flight=1"]
        run = delivered(self._webhook_bench(self._server().grpc_address, *words))
        self.report.add("webhook_to_many_endpoints", run["drain_ms"], "ms")
