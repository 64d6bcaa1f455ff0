"""Small faults that can be put into a source file.

Those of C++ are put in all at once, each behind a switch (faults.h): one build serves them all, and the environment of a test
says which is on. Those of SQL are texts of statements that take the place of the right ones when they are sent.
"""

import dataclasses
import re

_NAMESPACE = "::gatehouse::tools::"


@dataclasses.dataclass(frozen=True)
class Fault:
    path: str
    line: int  # From 1.
    what: str
    # What is put into the line, for C++: [start, end) becomes `switch`, in which % stands for the number of the fault.
    start: int = 0
    end: int = 0
    switch: str = ""
    # The whole file with the fault in it, for SQL.
    text: str = ""
    # Whether it is one only for two arguments of one type, which this program does not know.
    swaps: bool = False


# (what, pattern, what takes the place of the match). A comparison becomes two, with a switch between them that knows
# what is asked; they bind as the one does. Blanks around an operator keep templates and pointers out.
_COMPARISONS = [
    ("< -> <=", r" <(?= |$)", f" < {_NAMESPACE}Less(%) >"),
    ("<= -> <", r" <=(?= |$)", f" < {_NAMESPACE}LessEqual(%) >"),
    ("> -> >=", r" >(?= |$)", f" < {_NAMESPACE}Greater(%) >"),
    (">= -> >", r" >=(?= |$)", f" < {_NAMESPACE}GreaterEqual(%) >"),
    ("== -> !=", r" ==(?= |$)", f" == {_NAMESPACE}Equal(%) =="),
    ("!= -> ==", r" !=(?= |$)", f" == {_NAMESPACE}NotEqual(%) =="),
]
_OTHERS = [
    ("+ 1 -> nothing", r"(?<= \+ )1\b(?!\.)", f"{_NAMESPACE}One(%)"),
    ("- 1 -> nothing", r"(?<= - )1\b(?!\.)", f"{_NAMESPACE}One(%)"),
    ("true -> false", r"\btrue\b", f"{_NAMESPACE}Not(%)->*false"),
    ("false -> true", r"\bfalse\b", f"{_NAMESPACE}Not(%)->*true"),
    ("! -> nothing", r"(?<=[(\s])!(?=[a-z_(])", f"{_NAMESPACE}Not(%)->*"),
    ("min -> max", r"\bstd::min\b(?=[<(])", f"{_NAMESPACE}Least(%).Of"),
    ("max -> min", r"\bstd::max\b(?=[<(])", f"{_NAMESPACE}Greatest(%).Of"),
]
# One side of a condition no longer counts. Both bind more tightly than what they stand beside, and less than comparisons.
_CONDITIONS = [
    ("&&", r" &&(?= |$)", f" | {_NAMESPACE}AndLeft(%)", f" {_NAMESPACE}AndRight(%) |"),
    ("||", r" \|\|(?= |$)", f" & {_NAMESPACE}OrLeft(%)", f" {_NAMESPACE}OrRight(%) &"),
]
_SWAPPED = re.compile(r"\((?!true\b|false\b)(\w+), (?!true\b|false\b)(?!\1\))(\w+)\)")
# A guard is dropped: an `if` with all it does, or a check of a status.
_IF = re.compile(r"^\s*(?=if \(.*\) (?:\{|(?:return|co_return|continue|break)\b.*;)$)")
_CHECK = re.compile(r"^\s*(?=GH_(?:CO_)?RETURN_IF_ERROR\(.*\);$)")
# What the compiler computes, and what it wants to know of types.
_NOT_CODE = ("//", "#", "static_assert", "template", "requires", "using ")

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
    (r"\b(WHERE|ON) (?:[^()\n]|\([^()\n]*\))+? AND (?=\S)", r"\1 "),
    (r"\bAND (?:[^()\n]|\([^()\n]*\))+?(?=( AND |\)|$))", ""),
]


# Behind SET alone = is no comparison.
_SQL_WORDS = re.compile(r"\b(?:SET|WHERE|FROM|SELECT|RETURNING|VALUES|ON|AND|OR|WHEN|JOIN)\b")


def _in_quotes(line, position):
    return line[:position].count('"') % 2 == 1


def _of_cpp(path, number, line):
    code = line.split("  //")[0]
    if not code.strip() or code.strip().startswith(_NOT_CODE) or line.endswith("\\"):
        return
    for what, pattern, switch in _COMPARISONS + _OTHERS:
        for match in re.finditer(pattern, code):
            yield Fault(path, number, what, match.start(), match.end(), switch)
    # Beside bitwise operators the switches would bind wrongly.
    if not re.search(r" [&|^] ", code):
        for operator, pattern, left, right in _CONDITIONS:
            for match in re.finditer(pattern, code):
                yield Fault(path, number, f"{operator} without its left side", match.start(), match.start(), left)
                yield Fault(path, number, f"{operator} without its right side", match.end(), match.end(), right)
    for match in _SWAPPED.finditer(code):
        one, other = match.groups()
        switched = f"({_NAMESPACE}First(%, {one}, {other}), {_NAMESPACE}Second(%, {one}, {other}))"
        yield Fault(path, number, f"{match.group(0)} -> ({other}, {one})", match.start(), match.end(), switched, swaps=True)
    for pattern, switch in ((_IF, f"if ({_NAMESPACE}On(%)) {{}} else "), (_CHECK, f"if (!{_NAMESPACE}On(%)) ")):
        if match := pattern.match(code):
            yield Fault(path, number, f"dropped: {code.strip()}", match.end(), match.end(), switch)


def _of_sql(path, number, lines):
    line = lines[number - 1]
    if line.strip().startswith("--"):
        return
    code = line.split("  --")[0]
    above = "\n".join(other for other in lines[: number - 1] if not other.strip().startswith("--"))
    for pattern, replacement in _SQL:
        for match in re.finditer(pattern, code):
            if pattern == " = " and _SQL_WORDS.findall(f"SELECT {above}\n{code[: match.start()]}")[-1] == "SET":
                continue
            put_in = match.expand(replacement)
            changed = line[: match.start()] + put_in + line[match.end() :]
            what = f"{match.group(0).strip()} -> {put_in.strip() or 'nothing'}"
            yield Fault(path, number, what, text="\n".join(lines[: number - 1] + [changed] + lines[number:]))


def faults_of(path, text):
    """Every fault that can be put into the file, in the order of its lines. Empty for files of other kinds."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if path.endswith((".sql", ".sql.part")):
            yield from _of_sql(path, number, lines)
        elif path.endswith((".cc", ".h")):
            yield from (fault for fault in _of_cpp(path, number, line) if not _in_quotes(line, fault.start))


def switched(path, text, faults, header):
    """The C++ file with all faults in it, each off. `faults` are (number, fault); `header` is the text of faults.h."""
    lines = text.split("\n")
    # From the end of each line to its beginning, so that what is yet to come keeps its place.
    for number, fault in sorted(faults, key=lambda one: (one[1].line, one[1].start, one[1].end), reverse=True):
        line = lines[fault.line - 1]
        lines[fault.line - 1] = line[: fault.start] + fault.switch.replace("%", str(number)) + line[fault.end :]
    # The compiler counts lines as in the original.
    return f'#line 1 "tools/mutation/faults.h"\n{header}\n#line 1 "{path}"\n' + "\n".join(lines)
