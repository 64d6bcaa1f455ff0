"""gRPC's own library in C, as Python has it."""

import os
import sys
import unittest

from tests.conformance.support.client_cases import ClientCases

CLIENT = os.path.abspath("tests/conformance/clients/python/client.py")


class PythonClientTest(ClientCases, unittest.TestCase):
    def command(self):
        return ["/usr/bin/python3", CLIENT]

    def environment(self):
        return {**super().environment(), "PYTHONPATH": ":".join(sys.path)}


if __name__ == "__main__":
    unittest.main()
