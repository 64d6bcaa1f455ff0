"""gRPC's own library for C++."""

import os
import unittest

from tests.conformance.support.client_cases import ClientCases

CLIENT = os.path.abspath("tests/conformance/cpp_client")


class CppClientTest(ClientCases, unittest.TestCase):
    def command(self):
        return [CLIENT]


if __name__ == "__main__":
    unittest.main()
