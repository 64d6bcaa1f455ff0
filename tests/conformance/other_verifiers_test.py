"""The verifiers in Go and TypeScript (docs/clients/) against the real server: tools/conformance builds them."""

import unittest

from tests.conformance.support.servers import TOOLS, find_tool
from tests.verifying.verifier_cases import VerifierCases


class GoVerifierTest(VerifierCases, unittest.TestCase):
    def command(self):
        return [find_tool(self, f"{TOOLS}/conformance/go-verifier")]


class TypeScriptVerifierTest(VerifierCases, unittest.TestCase):
    def command(self):
        return [find_tool(self, "node"), find_tool(self, f"{TOOLS}/conformance/typescript/dist/verify.js")]


if __name__ == "__main__":
    unittest.main()
