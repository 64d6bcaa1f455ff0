"""Runs one unittest module under Bazel: honours --test_filter and writes one JUnit case per test."""

import importlib
import os
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree


class RecordingResult(unittest.TextTestResult):
    """Keeps the outcome and duration of every test, besides printing them."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.cases = ElementTree.Element("testsuite")
        self._started = 0.0

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()

    def _record(self, test, outcome=None, text=""):
        # A failure outside a test, such as in setUpClass, has no startTest; it still counts as a case.
        suite, _, name = test.id().rpartition(".")
        case = ElementTree.SubElement(
            self.cases, "testcase", classname=suite, name=name, time=f"{time.monotonic() - self._started:.3f}"
        )
        if outcome:
            # XML 1.0 has no control characters, not even escaped.
            clean = "".join(c if c >= " " or c in "\n\t" else "?" for c in text)
            ElementTree.SubElement(case, outcome, message=clean.strip().rpartition("\n")[2]).text = clean

    def addSuccess(self, test):
        super().addSuccess(test)
        self._record(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._record(test, "failure", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._record(test, "error", self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._record(test, "skipped", reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err:
            self._record(subtest, "failure", "".join(str(e) for e in err[1:2]))


def main():
    module = importlib.import_module(sys.argv[1])
    loader = unittest.TestLoader()
    if os.environ.get("TESTBRIDGE_TEST_ONLY"):
        loader.testNamePatterns = [f"*{os.environ['TESTBRIDGE_TEST_ONLY']}*"]
    suite = loader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=2, resultclass=RecordingResult).run(suite)
    if "XML_OUTPUT_FILE" in os.environ:
        root = ElementTree.Element("testsuites")
        result.cases.set("name", sys.argv[1])
        root.append(result.cases)
        ElementTree.ElementTree(root).write(os.environ["XML_OUTPUT_FILE"], encoding="utf-8")
    # A module without tests proves nothing.
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)


if __name__ == "__main__":
    main()
