"""Reports on coverage, for tools/coverage, and sees to it that what is recorded is of this program, for tools/check.

  main.py report MODE EXPORT.json [--record]   MODE: full, quick, or part, which has no floors
  main.py check

Run at the root of the repository. Fails when something is below its floor, or the record is absent or stale; not
where that cannot be told, without git or its history.
"""

import os
import subprocess
import sys

from tools.coverage_report import figures, floors, table

# The program. Tests and tools are not measured.
TREES = ("auth", "base", "migrations", "rpc", "service", "storage")


def git(*arguments):
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


def is_source(path):
    name = os.path.basename(path)
    return path.endswith((".cc", ".h")) and not name.endswith(("_test.cc", "_test_base.h", "_fixture.h", "_fixture.cc"))


def sources():
    return [path for path in git("ls-files", "--", *TREES).splitlines() if is_source(path)]


def count_lines(path):
    """Lines with something on them: about what llvm-cov counts, for a source that it does not know."""
    with open(path, encoding="utf-8") as file:
        return sum(1 for line in file if line.strip() and not line.lstrip().startswith("//"))


def recorded():
    if not os.path.exists(floors.PATH):
        return {}
    with open(floors.PATH, encoding="utf-8") as file:
        return floors.read(file.read())


def report(mode, export, record):
    with open(export, encoding="utf-8") as file:
        found = {path: figure for path, figure in figures.parse(file.read()).items() if path.startswith(TREES) and is_source(path)}
    if mode != "part":
        # Headers without a line that runs are in no report.
        found = figures.with_unbuilt(found, [path for path in sources() if path.endswith(".cc")], count_lines)
    print("\n".join(table.render(found)))
    if mode == "part":
        return 0
    all_floors = recorded()
    before = all_floors.get(mode)
    fallen = floors.falls(before, found) if before else []
    for line in fallen:
        print(f"BELOW ITS FLOOR  {line}")
    if fallen:
        return 1
    if record:
        if git("status", "--porcelain", "--", *TREES):
            print("not recorded: there are changes that are in no commit")
            return 1
        all_floors[mode] = floors.raised(before, found, git("rev-parse", "HEAD").strip())
        with open(floors.PATH, "w", encoding="utf-8") as file:
            file.write(floors.write(all_floors))
        print(f"recorded in {floors.PATH}: commit it")
    return 0


def new_lines_since(commit):
    """Lines of the program that the commit did not have, as they are now."""
    rows = (row.split("\t") for row in git("diff", "--numstat", "--no-renames", commit, "--", *TREES).splitlines())
    return sum(int(added) for added, _, path in rows if is_source(path) and added != "-")


def is_shallow():
    return git("rev-parse", "--is-shallow-repository").strip() == "true"


def is_ancestor(commit):
    return subprocess.run(["git", "merge-base", "--is-ancestor", commit, "HEAD"], capture_output=True, check=False).returncode == 0


def check():
    records = recorded()
    # Without it everything would pass, whatever it covers.
    if "full" not in records:
        print(f"no coverage of all tests is recorded in {floors.PATH}: tools/coverage --record does it")
        return 1
    total = 0
    for path in sources():
        with open(path, encoding="utf-8") as file:
            total += sum(1 for _ in file)
    status = 0
    for mode, record in records.items():
        known = is_ancestor(record["commit"])
        if not known and is_shallow():
            print(f"{mode}: this clone does not go back to {record['commit'][:12]}, where coverage was measured")
            continue
        stale = floors.staleness(mode, record, known, new_lines_since(record["commit"]) if known else 0, total)
        if stale:
            print(f"{floors.PATH}: {stale}")
            status = 1
    return status


def main(arguments):
    if arguments == ["check"]:
        try:
            return check()
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"coverage is not looked at: {getattr(error, 'stderr', None) or error}")
            return 0
    if len(arguments) in (3, 4) and arguments[0] == "report" and arguments[1] in ("full", "quick", "part"):
        return report(arguments[1], arguments[2], arguments[3:] == ["--record"])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
