import json
import tempfile
import unittest

from tests.bench.report import TARGETS, Report

DOCUMENT = "docs/benchmarks.md"


def documented_targets():
    """Of the table "What they are": (figure, the comparison of its target or "") of each."""
    with open(DOCUMENT, encoding="utf-8") as file:
        section = file.read().split("## What they are\n")[1].split("\n## ")[0]
    for line in section.splitlines():
        if not line.startswith("| ") or line.startswith("| Figure |"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        names = cells[0].split(", ")
        targets = [target.strip() for target in cells[-1].split(", ")]
        for i, name in enumerate(names):
            # "_p99" is the first one's name with another end.
            figure = names[0].rsplit("_", 1)[0] + name if name.startswith("_") else name
            target = targets[i] if len(targets) > 1 else targets[0]
            # A bare figure is one that must not be exceeded.
            yield figure, "" if target == "-" else target.split()[0] if target[0] in "<>" else "<="


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

    def test_what_is_documented_is_what_is_judged(self):
        documented = {figure: comparison for figure, comparison in documented_targets() if comparison}
        self.assertEqual(documented, {name: target[1] for name, target in TARGETS.items()})
