"""What `llvm-cov export -summary-only` says of the sources, summed up by folder and by tree."""

import collections
import json
import os


class Figure(collections.namedtuple("Figure", "lines covered_lines branches covered_branches")):
    """How many lines and branches there are, and how many ran."""

    def __add__(self, other):
        return Figure(*(a + b for a, b in zip(self, other)))

    @property
    def line_percent(self):
        return percent(self.covered_lines, self.lines)

    @property
    def branch_percent(self):
        return percent(self.covered_branches, self.branches)


NOTHING = Figure(0, 0, 0, 0)
TOTAL = "..."


def percent(covered, count):
    """Rounded down to a tenth: a figure of 95.0 is 95 at least. What has nothing to cover is covered."""
    return 100.0 if count == 0 else covered * 1000 // count / 10


def parse(text, root="."):
    """The path of each source, relative to `root` -> its Figure."""
    figures = {}
    for file in json.loads(text)["data"][0]["files"]:
        # Relative as they were compiled, or made absolute where llvm-cov ran.
        path = os.path.relpath(os.path.join(root, file["filename"]), root)
        lines, branches = file["summary"]["lines"], file["summary"]["branches"]
        found = Figure(lines["count"], lines["covered"], branches["count"], branches["covered"])
        figures[path] = figures.get(path, NOTHING) + found
    return figures


def with_unbuilt(figures, sources, count_lines):
    """`figures`, and none of the lines covered of sources that are in no program: they would be missed otherwise."""
    found = dict(figures)
    for path in sources:
        if path not in found:
            found[path] = Figure(count_lines(path), 0, 0, 0)
    return found


def folder_of(path):
    return os.path.dirname(path)


def tree_of(path):
    """As Bazel writes it: "auth/..." is auth with all below it, "auth" what is in the folder itself."""
    return path.split("/", 1)[0] + "/..."


def summed(figures):
    """"..." and every tree and folder -> the sum of their files."""
    sums = collections.defaultdict(lambda: NOTHING)
    for path, figure in figures.items():
        for name in (TOTAL, tree_of(path), folder_of(path)):
            sums[name] += figure
    return dict(sums)
