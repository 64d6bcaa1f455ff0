import os
import pathlib
import tempfile
import unittest

from tools.mutation import programs
from tools.mutation.programs import Program


class ReachedTest(unittest.TestCase):
    def test_reads_what_the_listener_wrote(self):
        seconds, reached = programs.read_reached(["* 0 3\n", "A.B 1500 1 2\n", "* 0 4\n", "A.C 0\n"])
        self.assertEqual(seconds, {"*": 0, "A.B": 1.5, "A.C": 0})
        self.assertEqual(reached, {"*": {3, 4}, "A.B": {1, 2}, "A.C": set()})


class ProgramsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=os.environ.get("TEST_TMPDIR"))
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def program(self, name, script, cost=0.1):
        """A program of two cases, of which A.B comes by fault 1 and what is before them by fault 2. It notes its runs."""
        binary = self.folder / name
        binary.write_text(f'#!/bin/sh\necho "{name} $GTEST_FILTER" >>{self.folder}/runs\n{script}\n')
        binary.chmod(0o755)
        (self.folder / f"{name}.runfiles/gatehouse").mkdir(parents=True)
        return Program(f"//:{name}", binary, {"*": 0, "A.B": cost, "A.C": 0}, {"*": {2}, "A.B": {1}, "A.C": {3}})

    def runs(self):
        return (self.folder / "runs").read_text().split("\n")[:-1]

    def test_what_passes_survives(self):
        some = [self.program("one", "exit 0"), self.program("other", "exit 0", cost=0)]
        self.assertEqual(programs.try_fault(some, 1, {}, 60), ("survived", "", True))
        self.assertEqual(self.runs(), ["other A.B", "one A.B"])

    def test_what_fails_is_noticed_by_a_case_that_comes_by_the_fault(self):
        some = [self.program("one", 'test "$FAULT" = 1 || exit 0; echo "[  FAILED  ] A.B (3 ms)"; exit 1'), self.program("other", "", cost=9)]
        self.assertEqual(programs.try_fault(some, 1, {"FAULT": "1"}, 60), ("noticed", "//:one A.B", True))
        self.assertEqual(self.runs(), ["one A.B"])

    def test_all_cases_run_for_what_is_before_them(self):
        programs.try_fault([self.program("one", "exit 0")], 2, {}, 60)
        self.assertEqual(self.runs(), ["one "])

    def test_what_no_case_comes_by_is_not_run(self):
        self.assertEqual(programs.try_fault([self.program("one", "exit 1")], 7, {}, 60), ("not reached", "", True))
        self.assertFalse((self.folder / "runs").exists())

    def test_a_program_that_hangs_is_ended(self):
        self.assertEqual(programs.run(self.program("one", "sleep 600"), {}, 0.2).outcome, "timed out")

    def test_it_says_when_there_was_no_time_for_all(self):
        some = [self.program("one", "exit 0"), self.program("other", "exit 0", cost=100)]
        self.assertEqual(programs.try_fault(some, 1, {}, 60), ("survived", "", False))


if __name__ == "__main__":
    unittest.main()
