"""The floors: what is covered once stays covered. floors.json is written by `tools/coverage --record` and never falls.

For each mode ("full": every test but the slow ones; "quick": unit tests) it has the commit that was measured, and of
everything, each tree and each folder the per cent of lines and of branches.
"""

import json

from tools.coverage_report.figures import summed

PATH = "tools/coverage_report/floors.json"
# Some lines run or not by how threads meet. So many less of a folder are no fall.
SLACK_LINES = 5
SLACK_BRANCHES = 10
# Of the program's lines, how many may be newer than the measurement. It is not of this program any more beyond that.
MAX_NEW_PERCENT = 20


def read(text):
    return json.loads(text) if text.strip() else {}


def write(floors):
    """With one line for each name, so that a change of one shows as that."""
    modes = []
    for mode, record in sorted(floors.items()):
        rows = ",\n".join(f"      {json.dumps(name)}: {json.dumps(floor)}" for name, floor in sorted(record["floors"].items()))
        modes.append(f'  {json.dumps(mode)}: {{\n    "commit": {json.dumps(record["commit"])},\n    "floors": {{\n{rows}\n    }}\n  }}')
    return "{\n" + ",\n".join(modes) + "\n}\n"


def _below(covered, count, floor, slack):
    return covered + slack < floor * count / 100


def falls(record, figures):
    """What is below its floor, in words. A folder that is gone has none any more, a new one has none yet."""
    found = []
    sums = summed(figures)
    for name, (lines, branches) in sorted(record["floors"].items()):
        figure = sums.get(name)
        if figure is None:
            continue
        if _below(figure.covered_lines, figure.lines, lines, SLACK_LINES):
            found.append(f"{name}: {figure.line_percent} % of lines, {lines} % before")
        if _below(figure.covered_branches, figure.branches, branches, SLACK_BRANCHES):
            found.append(f"{name}: {figure.branch_percent} % of branches, {branches} % before")
    return found


def raised(record, figures, commit):
    """The record of `figures`, measured at `commit`; `record` (None at first) is what was before. Nothing gets lower."""
    before = record["floors"] if record else {}
    floors = {}
    for name, figure in summed(figures).items():
        lines, branches = before.get(name, (0, 0))
        floors[name] = [max(lines, figure.line_percent), max(branches, figure.branch_percent)]
    return {"commit": commit, "floors": floors}


def staleness(mode, record, is_ancestor, new_lines, all_lines):
    """Why the record says nothing of the program as it is; None if it does."""
    again = f"measure again: tools/coverage --record{' quick' if mode == 'quick' else ''}"
    if not is_ancestor:
        return f"{mode}: {record['commit'][:12]} is not in this history; {again}"
    share = 100 * new_lines / max(all_lines, 1)
    if share > MAX_NEW_PERCENT:
        return f"{mode}: {share:.0f} % of the program's lines are newer than {record['commit'][:12]}, more than {MAX_NEW_PERCENT}; {again}"
    return None
