"""What is left of a test that is killed: nothing, after the next one at the latest."""

import os
import signal
import subprocess
import sys
import unittest

from tests.e2e.support import scratch

# A folder, and a process in a session of its own, which holds the pipe open for as long as it lives.
_VICTIM = """
import subprocess, sys, unittest
from tests.e2e.support import scratch
from tests.e2e.support.processes import dying_with_us

test = unittest.TestCase()
subprocess.Popen([*dying_with_us("TERM"), "/bin/sleep", "600"], start_new_session=True)
print(scratch.make_folder(test), flush=True)
sys.stdin.read()
"""


class KilledTest(unittest.TestCase):
    def test_leaves_nothing_behind(self):
        mine = scratch.make_folder(self)
        victim = subprocess.Popen(
            [sys.executable, "-c", _VICTIM],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(victim.stdin.close)
        self.addCleanup(victim.stdout.close)
        folder = victim.stdout.readline().rstrip("\n")
        self.assertTrue(os.path.isdir(folder), folder)
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        # The end of the file is the end of the last process that could write to it.
        self.assertEqual(victim.stdout.read(), "")
        scratch.make_folder(self)
        self.assertFalse(os.path.exists(folder))
        self.assertTrue(os.path.isdir(mine), "it is in use")
