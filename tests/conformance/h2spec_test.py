"""RFC 9113 and HPACK, by h2spec."""

import os
import subprocess
import unittest
import xml.etree.ElementTree as ElementTree

from tests.conformance.support.servers import ConformanceServer, find_tool
from tests.e2e.support import scratch
from tests.e2e.support.waiting import DEADLINE_S

# All of them, as of version 2.2.1.
CASES = 145


class H2specTest(unittest.TestCase):
    def run_against(self, server, *words):
        report = os.path.join(scratch.make_folder(self), "report.xml")
        # A gRPC server answers a GET, which is what h2spec sends, by saying that it takes POST; a path that it serves is not needed.
        command = [find_tool(self, "h2spec"), "--host=127.0.0.1", f"--port={server.port}", f"--junit-report={report}", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=4 * DEADLINE_S, check=False)
        cases = list(ElementTree.parse(report).iter("testcase"))
        wrong = [
            f"{case.get('package')}: {case.get('classname')}"
            for case in cases
            if case.find("failure") is not None or case.find("error") is not None or case.find("skipped") is not None
        ]
        self.assertEqual(wrong, [], done.stdout)
        self.assertEqual(len(cases), CASES)

    def test_plain(self):
        self.run_against(ConformanceServer(type(self)))

    def test_tls(self):
        self.run_against(ConformanceServer(type(self), tls=True), "--tls", "--insecure")


if __name__ == "__main__":
    unittest.main()
