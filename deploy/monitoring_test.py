"""Dashboard, alerts and runbooks fit together and to docs/operating/metrics.md."""

import glob
import json
import os
import re
import shutil
import subprocess
import unittest

METRICS = "docs/operating/metrics.md"
ALERTS = "deploy/prometheus/alerts.yaml"
ALERT_TESTS = "deploy/prometheus/alerts_test.yaml"
DASHBOARD = "deploy/grafana/gatehouse.json"
RUNBOOKS = "docs/operating/runbooks"
# Of tools/setup.
TOOLS = os.path.expanduser("~/.cache/gatehouse-tools/bin")
ROLES = {"gatehouse_owner", "gatehouse_server"}
SECTIONS = ("**Meaning.**", "**Impact.**", "## First look", "## Causes and what to do")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def documented():
    return set(re.findall(r"^\| `(gatehouse_\w+)` \|", read(METRICS), re.MULTILINE))


def named(expression):
    """The metrics of an expression; those of a histogram without their suffix."""
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in re.findall(r"\bgatehouse_\w+", expression)}


def rules():
    """Alert -> its text."""
    parts = re.split(r"^ *- alert: (\w+)\n", read(ALERTS), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2]))


def expressions(value):
    """All that a dashboard asks Prometheus for."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("expr", "query") and isinstance(inner, str):
                yield inner
            else:
                yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)


class DashboardTest(unittest.TestCase):
    def test_shows_metrics_that_there_are(self):
        dashboard = json.loads(read(DASHBOARD))
        used = set().union(*(named(expression) for expression in expressions(dashboard)))
        self.assertGreater(len(used), 20)
        self.assertEqual(used - documented(), set())

    def test_panels_have_ids_and_room_of_their_own(self):
        panels = json.loads(read(DASHBOARD))["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        taken = set()
        for panel in panels:
            place = panel["gridPos"]
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, panel["title"])
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            taken |= cells


class AlertsTest(unittest.TestCase):
    def test_ask_for_metrics_that_there_are(self):
        for alert, text in rules().items():
            expression = re.search(r"expr: '(.*)'", text).group(1)
            with self.subTest(alert):
                self.assertEqual(named(expression) - documented(), set())
                self.assertTrue(named(expression) or expression.startswith("up{"))

    def test_each_has_its_page_and_each_page_its_alert(self):
        pages = {os.path.basename(path)[: -len(".md")] for path in glob.glob(f"{RUNBOOKS}/*.md")}
        self.assertEqual(pages, set(rules()))
        for alert, text in rules().items():
            self.assertIn(f"runbook: {RUNBOOKS}/{alert}.md", text)

    def test_each_is_in_the_list_of_the_metrics_page(self):
        listed = re.findall(r"^\| \[(\w+)\]\(runbooks/(\w+)\.md\) \|", read(METRICS), re.MULTILINE)
        self.assertEqual([name for name, _ in listed], list(rules()))
        self.assertTrue(all(name == page for name, page in listed))

    def test_pages_say_what_is_needed_at_night(self):
        for alert in rules():
            page = read(f"{RUNBOOKS}/{alert}.md")
            with self.subTest(alert):
                self.assertTrue(page.startswith(f"# {alert}\n"))
                places = [page.find(section) for section in SECTIONS]
                self.assertEqual(places, sorted(places))
                self.assertNotIn(-1, places)
                for name in set(re.findall(r"\bgatehouse_\w+", page)) - ROLES:
                    self.assertTrue(any(metric.startswith(name) for metric in documented()), name)
                for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page):
                    self.assertTrue(os.path.exists(os.path.join(RUNBOOKS, link)), link)

    def test_fire_when_they_shall(self):
        for alert in rules():
            self.assertRegex(read(ALERT_TESTS), rf'alertname="{alert}"|alertname: {alert}')
        promtool = shutil.which("promtool", path=f"{os.environ.get('PATH', '')}:{TOOLS}")
        if not promtool:
            self.skipTest("promtool not found: 'tools/setup test' brings it")
        done = subprocess.run([promtool, "test", "rules", ALERT_TESTS], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
