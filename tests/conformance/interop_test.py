"""gRPC's interoperability tests, by grpc-go's client."""

import subprocess
import unittest

from tests.conformance.support.servers import ConformanceServer, find_tool
from tests.e2e.support.waiting import DEADLINE_S

# The rest of gRPC's list is about credentials of Google's services and about compression, of which this client has no case:
# other_clients_test.py has it.
CASES = (
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "timeout_on_sleeping_server",
    "cancel_after_begin",
    "cancel_after_first_response",
    "status_code_and_message",
    "special_status_message",
    "custom_metadata",
    "unimplemented_method",
    "unimplemented_service",
)


class InteropTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.plain = ConformanceServer(cls)
        cls.tls = ConformanceServer(cls, tls=True)

    def run_case(self, name, server):
        words = [find_tool(self, "grpc-interop-client"), "--server_host=127.0.0.1", f"--server_port={server.port}"]
        if server.authority:
            words += ["--use_tls", "--use_test_ca", f"--ca_file={server.authority}", "--server_host_override=localhost"]
        done = subprocess.run(
            [*words, f"--test_case={name}"], capture_output=True, text=True, timeout=DEADLINE_S, check=False
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


for case in CASES:
    setattr(InteropTest, f"test_{case}", lambda self, case=case: self.run_case(case, self.plain))
    setattr(InteropTest, f"test_{case}_tls", lambda self, case=case: self.run_case(case, self.tls))


if __name__ == "__main__":
    unittest.main()
