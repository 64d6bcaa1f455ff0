"""Clients whose libraries tools/conformance fetches."""

import os
import unittest

from tests.conformance.support.client_cases import ClientCases
from tests.conformance.support.servers import TOOLS, find_tool

CLIENTS = os.path.abspath("tests/conformance/clients")


class GoClientTest(ClientCases, unittest.TestCase):
    def command(self):
        return [find_tool(self, f"{TOOLS}/conformance/go-client")]


class NodeClientTest(ClientCases, unittest.TestCase):
    def command(self):
        find_tool(self, f"{TOOLS}/conformance/node/node_modules/@grpc/grpc-js")
        return [find_tool(self, "node"), f"{CLIENTS}/node/client.js"]

    def environment(self):
        return {**super().environment(), "NODE_PATH": f"{TOOLS}/conformance/node/node_modules"}


class JavaClientTest(ClientCases, unittest.TestCase):
    def command(self):
        libraries = find_tool(self, f"{TOOLS}/conformance/java")
        return [find_tool(self, "java"), "-Xmx256m", "-cp", f"{libraries}/*", f"{CLIENTS}/java/Client.java"]


if __name__ == "__main__":
    unittest.main()
