import json
import tempfile
import unittest

from tests.bench.report import Report


class ReportTest(unittest.TestCase):
    def test_ratio_is_of_the_baseline_given_and_decides(self):
        report = Report()
        report.add("noop", 1000, "1/s")
        report.add("get_user", 400, "1/s", 1000, "noop")
        report.add("idle_memory", 30, "MiB")
        self.assertEqual(report.missed(), ["get_user"])
        self.assertIn("SHORT", report.table().splitlines()[3])
        self.assertIn("1,000 noop", report.table())

    def test_rows_have_the_promised_members(self):
        report = Report()
        report.add("login", 90, "1/s", 100, "raw Argon2id")
        report.add("noop", 5.0, "1/s")
        with tempfile.NamedTemporaryFile("r", suffix=".json") as file:
            report.write_json(file.name)
            self.assertEqual(
                json.load(file),
                [
                    {"name": "login", "value": 90, "unit": "1/s", "baseline": 100, "ratio": 0.9},
                    {"name": "noop", "value": 5.0, "unit": "1/s", "baseline": None, "ratio": None},
                ],
            )
