"""The figures as a table: trees, their folders, the files of each."""

from tools.coverage_report.figures import TOTAL, folder_of, summed, tree_of

# What is aimed at: of lines, overall and in each folder.
GOAL = 95.0
FOLDER_GOAL = 90.0


def _row(name, figure, note=""):
    lines = f"{figure.line_percent:6.1f} {figure.covered_lines:7}/{figure.lines:<7}"
    branches = f"{figure.branch_percent:6.1f} {figure.covered_branches:7}/{figure.branches:<7}"
    return f"{name:58} {lines} {branches} {note}".rstrip()


def render(figures, files=True):
    """Lines of text; with `files`, those below their folders."""
    sums = summed(figures)
    rows = [f"{'':58} {'% lines':>22} {'% branches':>22}"]
    for tree in sorted(name for name in sums if name.endswith("/...")):
        rows.append(_row(tree, sums[tree]))
        for folder in sorted({folder_of(path) for path in figures if tree_of(path) == tree}):
            note = f"below {FOLDER_GOAL:.0f}" if sums[folder].line_percent < FOLDER_GOAL else ""
            rows.append(_row("  " + folder, sums[folder], note))
            if files:
                for path in sorted(path for path in figures if folder_of(path) == folder):
                    rows.append(_row("    " + path.rpartition("/")[2], figures[path]))
    total = sums.get(TOTAL)
    if total:
        rows.append(_row("all", total, f"below {GOAL:.0f}" if total.line_percent < GOAL else ""))
    return rows
