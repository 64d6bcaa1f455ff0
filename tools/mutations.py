"""Small faults that can be put into a source file, one at a time."""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Mutation:
    line: int  # From 1.
    what: str
    text: str  # The whole file with the fault in it.


# Each pattern and what takes its place. Blanks around an operator keep templates and pointers out.
_CPP = [
    (r" < (?=\S)", " <= "),
    (r" <= ", " < "),
    (r" > (?=\S)", " >= "),
    (r" >= ", " > "),
    (r" == ", " != "),
    (r" != ", " == "),
    (r" && ", " || "),
    (r" \|\| ", " && "),
    (r" \+ 1\b", ""),
    (r" - 1\b", ""),
    (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"),
    (r"(?<=[(\s])!(?=[a-z_(])", ""),
    (r"\bstd::min\b", "std::max"),
    (r"\bstd::max\b", "std::min"),
    # Two plain arguments change places.
    (r"\((\w+), (\w+)\)", r"(\2, \1)"),
]
# A guard is dropped: one line that may end the function or the turn, or a check of a status.
_GUARD = re.compile(r"^\s*(if \(.*\) (return|co_return|continue|break)\b.*;|GH_(CO_)?RETURN_IF_ERROR\(.*\);)$")
_SQL = [
    (r" < ", " <= "),
    (r" <= ", " < "),
    (r" > ", " >= "),
    (r" >= ", " > "),
    (r" = ", " <> "),
    (r"\bAND\b", "OR"),
    (r"\bIS NULL\b", "IS NOT NULL"),
    (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bgreatest\b", "least"),
    (r"\bleast\b", "greatest"),
    (r"\bDESC\b", "ASC"),
    (r"\+ 1\b", "+ 2"),
    # A condition is dropped.
    (r"\bAND (?:[^()\n]|\([^()\n]*\))+?(?=( AND |\)|$))", ""),
]


def _is_code(line, comment):
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith((comment, "#include", "static_assert"))


def mutations_of(path, text):
    """Every fault that can be put into the file, in the order of its lines. Empty for files of other kinds."""
    if path.endswith(".sql"):
        patterns, comment = _SQL, "--"
    elif path.endswith((".cc", ".h")):
        patterns, comment = _CPP, "//"
    else:
        return []
    lines = text.split("\n")
    found = []

    def add(number, changed, what):
        if changed == lines[number]:
            return
        whole = "\n".join(lines[:number] + [changed] + lines[number + 1 :])
        found.append(Mutation(number + 1, what, whole))

    for number, line in enumerate(lines):
        if not _is_code(line, comment):
            continue
        code = line.split("  " + comment)[0]
        for pattern, replacement in patterns:
            for match in re.finditer(pattern, code):
                # What stands in quotes is text, not logic.
                if code[: match.start()].count('"') % 2:
                    continue
                changed = line[: match.start()] + match.expand(replacement) + line[match.end() :]
                add(number, changed, f"{match.group(0).strip()} -> {match.expand(replacement).strip() or 'nothing'}")
        if comment == "//" and _GUARD.match(line):
            add(number, "", f"dropped: {line.strip()}")
    return found
