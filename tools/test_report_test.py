import json
import os
import tempfile
import unittest

from tools import test_report

PASS = '<testcase name="a" status="run"/>'
FAIL = '<testcase name="b" status="run"><failure message="x"/></testcase>'
SKIP = '<testcase name="c" status="run"><skipped message="x"/></testcase>'
DISABLED = '<testcase name="d" status="notrun"/>'


class TestReportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def result(self, cases, status="PASSED", label="//a:b", attempt=1):
        path = os.path.join(self.folder, f"{label[2:].replace('/', '_')} {attempt}.xml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")
        return {
            "id": {"testResult": {"label": label, "run": 1, "shard": 1, "attempt": attempt}},
            "testResult": {
                "status": status,
                "testActionOutput": [{"name": "test.xml", "uri": "file://" + path.replace(" ", "%20")}],
            },
        }

    def read(self, *events):
        path = os.path.join(self.folder, "events.json")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in events)
        runs, missing = test_report.read_events(path)
        return list(runs.values()), missing

    def test_counts_cases(self):
        runs, _ = self.read(self.result(PASS + PASS + FAIL + SKIP + DISABLED, "FAILED"))
        self.assertEqual(runs, [(2, 1, 1)])

    def test_failed_target_whose_cases_passed_counts_once(self):
        runs, _ = self.read(self.result(PASS, "FAILED"))
        self.assertEqual(runs, [(1, 1, 0)])

    def test_timeout_without_report_counts_once(self):
        event = self.result(PASS, "TIMEOUT")
        event["testResult"]["testActionOutput"] = []
        self.assertEqual(self.read(event)[0], [(0, 1, 0)])

    def test_last_attempt_counts(self):
        runs, _ = self.read(self.result(FAIL, "FAILED"), self.result(PASS, attempt=2))
        self.assertEqual(runs, [(1, 0, 0)])

    def test_target_that_did_not_build_is_missing(self):
        configured = {
            "id": {"targetConfigured": {"label": "//a:broken"}},
            "configured": {"targetKind": "cc_test rule", "testSize": "SMALL"},
        }
        library = {"id": {"targetConfigured": {"label": "//a:lib"}}, "configured": {"targetKind": "cc_library rule"}}
        runs, missing = self.read(configured, library, self.result(PASS))
        self.assertEqual((len(runs), missing), (1, {"//a:broken"}))

    def test_target_that_was_built_and_not_asked_for_is_not_missing(self):
        label = "//a:slow"
        configured = {"id": {"targetConfigured": {"label": label}}, "configured": {"targetKind": "py_test rule", "testSize": "ENORMOUS"}}
        built = {"id": {"targetCompleted": {"label": label}}, "completed": {"success": True}}
        failed = {"id": {"targetCompleted": {"label": label}}, "completed": {}}
        self.assertEqual(self.read(configured, built)[1], set())
        self.assertEqual(self.read(configured, failed)[1], {label})
