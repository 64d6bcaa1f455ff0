"""The parts of tools/coverage that read, sum up and judge."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from tools.coverage_report import figures, floors, main, table
from tools.coverage_report.figures import Figure


def export(files):
    """As `llvm-cov export -summary-only` writes it: path -> lines, covered lines, branches, covered branches."""
    return json.dumps(
        {
            "data": [
                {
                    "files": [
                        {
                            "filename": path,
                            "summary": {"lines": {"count": a, "covered": b}, "branches": {"count": c, "covered": d}},
                        }
                        for path, (a, b, c, d) in files.items()
                    ]
                }
            ]
        }
    )


SOME = {
    "auth/a.cc": Figure(10, 10, 4, 2),
    "auth/password/b.cc": Figure(90, 80, 10, 5),
    "service/main/c.cc": Figure(100, 50, 20, 10),
}


class FiguresTest(unittest.TestCase):
    def test_paths_are_relative_however_they_were_told(self):
        text = export({"./auth/a.cc": (2, 1, 0, 0), os.path.join(os.getcwd(), "auth/b.cc"): (3, 3, 2, 1)})
        self.assertEqual(figures.parse(text), {"auth/a.cc": (2, 1, 0, 0), "auth/b.cc": (3, 3, 2, 1)})

    def test_folders_trees_and_all_are_sums(self):
        sums = figures.summed(SOME)
        self.assertEqual(sums["..."], (200, 140, 34, 17))
        self.assertEqual(sums["auth/..."], (100, 90, 14, 7))
        self.assertEqual(sums["auth"], (10, 10, 4, 2))
        self.assertEqual(sums["auth/password"], (90, 80, 10, 5))
        self.assertEqual(sums["service/main"], sums["service/..."])
        self.assertNotIn("service", sums)

    def test_per_cent_is_rounded_down(self):
        self.assertEqual(Figure(3, 2, 1000, 949).line_percent, 66.6)
        self.assertEqual(Figure(3, 2, 1000, 949).branch_percent, 94.9)
        self.assertEqual(figures.NOTHING.line_percent, 100)

    def test_a_source_in_no_program_is_not_covered(self):
        found = figures.with_unbuilt(SOME, ["auth/a.cc", "auth/forgotten.cc"], lambda path: 7)
        self.assertEqual(found["auth/forgotten.cc"], (7, 0, 0, 0))
        self.assertEqual(found["auth/a.cc"], SOME["auth/a.cc"])


class TableTest(unittest.TestCase):
    def test_shows_trees_folders_and_files_and_what_is_below_the_goal(self):
        rows = table.render(SOME)
        names = [row.split()[0] for row in rows[1:]]
        self.assertEqual(
            names,
            ["auth/...", "auth", "a.cc", "auth/password", "b.cc", "service/...", "service/main", "c.cc", "all"],
        )
        by_name = dict(zip(names, rows[1:]))
        self.assertIn("90.0", by_name["auth/..."])
        self.assertIn("50.0", by_name["auth/..."], "of branches")
        self.assertTrue(by_name["service/main"].endswith("below 90"))
        self.assertTrue(by_name["auth/password"].endswith("below 90"))
        self.assertFalse(by_name["auth"].endswith("below 90"))
        self.assertTrue(by_name["all"].endswith("below 95"))
        self.assertNotIn("a.cc", "".join(table.render(SOME, files=False)))


class FloorsTest(unittest.TestCase):
    def record(self, **changed):
        return floors.raised(None, {**SOME, **changed}, "c1")

    def test_what_was_covered_stays_covered(self):
        record = self.record()
        self.assertEqual(floors.falls(record, SOME), [])
        worse = {**SOME, "auth/password/b.cc": Figure(90, 70, 10, 5)}
        found = floors.falls(record, worse)
        self.assertEqual([line.split(":")[0] for line in found], ["...", "auth/...", "auth/password"])
        self.assertIn("77.7 % of lines, 88.8 % before", found[-1])

    def test_branches_count_by_themselves(self):
        record = self.record(**{"rpc/d.cc": Figure(10, 10, 100, 100)})
        found = floors.falls(record, {**SOME, "rpc/d.cc": Figure(10, 10, 100, 80)})
        self.assertIn("rpc: 80.0 % of branches, 100.0 % before", found)

    def test_a_few_lines_less_are_no_fall(self):
        record = self.record()
        slack = floors.SLACK_LINES
        self.assertEqual(floors.falls(record, {**SOME, "service/main/c.cc": Figure(100, 50 - slack, 20, 10)}), [])
        self.assertNotEqual(floors.falls(record, {**SOME, "service/main/c.cc": Figure(100, 49 - slack, 20, 10)}), [])

    def test_folders_come_and_go(self):
        record = self.record()
        moved = {"auth/a.cc": SOME["auth/a.cc"], "auth/secret/b.cc": SOME["auth/password/b.cc"], "service/main/c.cc": SOME["service/main/c.cc"]}
        self.assertEqual(floors.falls(record, moved), [])
        self.assertNotIn("auth/password", floors.raised(record, moved, "c2")["floors"])
        self.assertIn("auth/secret", floors.raised(record, moved, "c2")["floors"])

    def test_floors_only_rise(self):
        record = self.record()
        better = {**SOME, "auth/password/b.cc": Figure(90, 90, 10, 4)}
        again = floors.raised(record, better, "c2")
        self.assertEqual(again["commit"], "c2")
        self.assertEqual(again["floors"]["auth/password"], [100.0, 50.0])

    def test_is_written_so_that_it_can_be_read(self):
        all_floors = {"full": self.record(), "quick": self.record()}
        text = floors.write(all_floors)
        self.assertEqual(floors.read(text), all_floors)
        self.assertIn('\n      "auth/password": [88.8, 50.0],\n', text)
        self.assertEqual(floors.read(""), {})

    def test_goes_stale(self):
        record = self.record()
        self.assertIsNone(floors.staleness("full", record, True, floors.MAX_NEW_PERCENT, 100))
        self.assertIn("newer than", floors.staleness("full", record, True, floors.MAX_NEW_PERCENT + 1, 100))
        self.assertIn("not in this history", floors.staleness("full", record, False, 0, 100))
        self.assertIn("--record quick", floors.staleness("quick", record, False, 0, 100))


class MainTest(unittest.TestCase):
    """With a repository of its own."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        self.modules = os.getcwd()
        os.chdir(scratch.name)
        self.git("init", "-q", "-b", "main")
        self.write("auth/a.cc", "int a;\n" * 100)
        self.write("auth/a_test.cc", "int t;\n")
        self.write("tests/x.cc", "int x;\n")
        os.makedirs("tools/coverage_report")
        self.commit()

    def git(self, *arguments):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
        return subprocess.run(["git", *identity, *arguments], capture_output=True, text=True, check=True).stdout.strip()

    def write(self, path, text):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def run_main(self, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "tools.coverage_report.main", *arguments],
            env={**os.environ, "PYTHONPATH": self.modules},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def report(self, covered, *arguments, mode="full"):
        # Tests and what is generated are left out, whatever is exported.
        self.write("export.json", export({"auth/a.cc": (100, covered, 0, 0), "auth/a_test.cc": (9, 0, 0, 0), "tests/x.cc": (9, 0, 0, 0)}))
        return self.run_main("report", mode, "export.json", *arguments)

    def test_records_and_judges(self):
        status, text = self.report(80)
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"all +80\.0")
        self.assertFalse(os.path.exists(floors.PATH))
        self.assertEqual(self.report(80, "--record")[0], 0)
        self.commit()
        self.assertEqual(self.report(78)[0], 0)
        status, text = self.report(70)
        self.assertEqual(status, 1)
        self.assertIn("BELOW ITS FLOOR", text)
        self.assertEqual(self.report(70, "--record")[0], 1, "a fall is not recorded")
        self.assertEqual(self.report(70, mode="part")[0], 0)
        self.assertEqual(self.report(70, mode="quick")[0], 0, "of which nothing is recorded")

    def test_what_is_in_no_commit_is_not_recorded(self):
        self.write("auth/b.cc", "int b;\n")
        status, text = self.report(80, "--record")
        self.assertEqual(status, 1)
        self.assertIn("in no commit", text)

    def test_a_source_that_nothing_links_counts(self):
        self.write("auth/b.cc", "int b;\n" * 100)
        self.commit()
        self.assertRegex(self.report(100)[1], r"all +50\.0")

    def test_the_check_wants_a_record_of_this_program(self):
        self.report(80, "--record", mode="quick")
        status, text = self.run_main("check")
        self.assertEqual(status, 1, "of unit tests alone")
        self.assertIn("no coverage of all tests is recorded", text)
        os.remove(floors.PATH)
        self.assertEqual(self.run_main("check"), (status, text), "none")
        self.report(80, "--record")
        measured = self.commit()
        self.assertEqual(self.run_main("check"), (0, ""))
        self.write("auth/b.cc", "int b;\n" * 20)
        self.write("auth/b_test.cc", "int b;\n" * 900)
        self.commit()
        self.assertEqual(self.run_main("check"), (0, ""), "a sixth is new, and tests are not counted")
        self.write("auth/c.cc", "int c;\n" * 20)
        status, text = self.run_main("check")
        self.assertEqual(status, 0, "in no commit: " + text)
        self.commit()
        status, text = self.run_main("check")
        self.assertEqual(status, 1)
        self.assertIn("newer than", text)
        # Measured on a branch that was left.
        self.git("checkout", "-q", "--orphan", "other")
        self.commit()
        status, text = self.run_main("check")
        self.assertEqual(status, 1)
        self.assertIn(measured[:6], self.git("log", "--all", "--format=%H"))
        self.assertIn("not in this history", text)

    def test_a_clone_without_history_is_not_judged(self):
        self.report(80, "--record")
        self.commit()
        elsewhere = tempfile.TemporaryDirectory()
        self.addCleanup(elsewhere.cleanup)
        clone = os.path.join(elsewhere.name, "clone")
        self.git("clone", "-q", "--depth=1", f"file://{os.getcwd()}", clone)
        os.chdir(clone)
        status, text = self.run_main("check")
        self.assertEqual(status, 0)
        self.assertIn("does not go back to", text)
        os.rename(".git", ".no-git")
        status, text = self.run_main("check")
        self.assertEqual(status, 0)
        self.assertIn("not looked at", text)

    def test_anything_else_is_refused(self):
        for arguments in ((), ("report",), ("report", "some", "x.json"), ("chek",)):
            self.assertEqual(self.run_main(*arguments)[0], 2)

    def test_what_is_measured(self):
        self.assertTrue(main.is_source("auth/a.cc"))
        for path in ("auth/a_test.cc", "storage/x_fixture.h", "storage/client_test_base.h", "auth/BUILD.bazel"):
            self.assertFalse(main.is_source(path), path)


if __name__ == "__main__":
    unittest.main()
