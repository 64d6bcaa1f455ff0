"""docs/operating/metrics.md and /metrics name the same figures."""

import re
import unittest

from tests.e2e.support import postgres as pg
from tests.e2e.support.client import CallError, Client
from tests.e2e.support.deployment import Deployment
from tests.e2e.support.http_client import get
from tests.e2e.support.waiting import until

DOCUMENT = "docs/operating/metrics.md"


def documented():
    with open(DOCUMENT, encoding="utf-8") as file:
        return set(re.findall(r"^\| `(gatehouse_\w+)` \|", file.read(), re.MULTILINE))


def scrape(server):
    """Family -> {labels as written: value}."""
    status, text = get(server.http_address, "/metrics")
    assert status == 200, text
    families = {name: {} for name in re.findall(r"^# TYPE (\S+) ", text, re.MULTILINE)}
    for name, labels, value in re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.MULTILINE):
        families.setdefault(re.sub(r"_(bucket|sum|count)$", "", name), {})[labels] = float(value)
    return families


class MetricsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = pg.Postgres(cls)

    def test_all_that_is_shown_is_documented_and_the_other_way_round(self):
        server = Deployment(self, self.postgres).serve()
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        with self.assertRaises(CallError):
            client.ListUsers()
        self.assertGreater(len(documented()), 20)
        self.assertEqual(set(scrape(server)), documented())

    def test_figures_are_those_of_the_server(self):
        server = Deployment(self, self.postgres).serve()
        client = Client(server.grpc_address)
        self.addCleanup(client.close)
        for _ in range(3):
            with self.assertRaises(CallError):
                client.ListUsers()
        figures = until(lambda: leading(scrape(server)), "the only server leads the sequencer")
        self.assertEqual(figures["gatehouse_rpc_errors_total"], {'limit="",reason="UNAUTHENTICATED"': 3})
        self.assertGreater(figures["gatehouse_database_statements_total"]['database="shared"'], 0)
        self.assertGreater(figures["gatehouse_database_statements_total"]['database="sequencer"'], 0)
        self.assertGreater(figures["gatehouse_database_connections"]['database="shared"'], 0)
        self.assertEqual(figures["gatehouse_sequencer_halted"], {"": 0})
        until(lambda: scrape(server)["gatehouse_sequencer_last_pass_age_seconds"][""] < 20, "a pass of now is told")


def leading(figures):
    return figures if figures["gatehouse_sequencer_leads"] == {"": 1} else None
