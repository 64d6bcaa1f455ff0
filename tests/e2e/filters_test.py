"""Every example of docs/filters.md does what the page says."""

import pathlib
import re

from tests.e2e.support.client import CallError
from tests.e2e.support.server_case import DevServerCase


def rows_of(section):
    """The rows of the section's last table, without its head, each a list of cells."""
    table = section.rsplit("|---", 1)[1].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("| ").split(" | ")] for row in table if row.startswith("|")]


class FiltersTest(DevServerCase):
    def setUp(self):
        super().setUp()
        page = pathlib.Path("docs/filters.md").read_text(encoding="utf-8")
        self.sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", page, flags=re.M | re.S))

    def test_examples_are_taken(self):
        for method in ("ListUsers", "ListEvents"):
            rows = rows_of(self.sections[method])
            self.assertGreater(len(rows), 4)
            for example, *_ in rows:
                with self.subTest(example):
                    getattr(self.admin(), method)(filter=example.strip("`"))

    def test_payload_filters_are_taken(self):
        rows = rows_of(self.sections["Payloads"])
        self.assertGreater(len(rows), 4)
        for example, *_ in rows:
            with self.subTest(example):
                endpoint = {"url": "https://example.com/", "event_types": ["order.*"], "payload_filter": example.strip("`")}
                self.admin().CreateEndpoint(endpoint=endpoint, validate_only=True)

    def test_what_is_refused_says_why(self):
        rows = rows_of(self.sections["Refused"])
        self.assertGreater(len(rows), 10)
        for method, example, _ in rows:
            with self.subTest(example):
                with self.assertRaises(CallError) as raised:
                    getattr(self.admin(), method)(filter=example.strip("`"))
                self.assertEqual(raised.exception.reason, "INVALID_FILTER")
                self.assertEqual(raised.exception.fields, ["filter"])
