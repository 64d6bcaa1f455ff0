"""Writes a C++ header with one constant per .sql file. See sql.bzl."""

import argparse
import pathlib
import re
import sys


def constant_name(stem):
    return "k" + "".join(word.capitalize() for word in stem.split("_"))


# What changes something, or takes a lock, or may: functions of ours but the guard and those that only look.
_CHANGES = re.compile(
    r"\b(?:(?:INSERT|UPDATE|DELETE|MERGE|TRUNCATE|CREATE|ALTER|DROP|LOCK|CALL|SHARE"
    r"|pg_(?:try_)?advisory\w*|pg_notify|set_config|nextval|setval)\b"
    r"|gatehouse\.(?!(?:require|first_id_of|partition_days)\b)\w+\()",
    flags=re.I,
)


def only_reads(statement):
    """Whether the statement changes nothing, however often it runs."""
    return not _CHANGES.search(re.sub(r"--.*|'[^']*'", "", statement))


# What tests read at the end of a file: see tests/integration/growth/statement_case.h.
_FOR_TESTS = re.compile(r"^-- (?:For example|Not measured)[,:].*(?:\n--   .*)*$", flags=re.M)


# The types of the parameters of a statement that may run for many calls at a time.
_MANY = re.compile(r"^-- Many at a time: (.*)\n", flags=re.M)


def many(statement):
    """The same for many calls at a time (storage/postgres/client/query.h), or None."""
    marked = _MANY.search(statement)
    if not marked:
        return None
    types = marked.group(1).split(", ")
    one = re.sub(r"\$(\d+)", r"many.p\1", re.sub(r" *--.*", "", statement)).strip().removesuffix(";")
    arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, 1))
    columns = ", ".join(f"p{number}" for number in range(1, len(types) + 1))
    # OFFSET keeps the planner from taking the two for one: each call has the plan that it has alone.
    return (
        f"SELECT many.n, one.*\nFROM unnest({arrays}) WITH ORDINALITY AS many({columns}, n),\n"
        f"LATERAL (\n{one}\nOFFSET 0) AS one"
    )


def without_tests(text):
    """What a file holds but for what it says to tests."""
    return _FOR_TESTS.sub("", text).strip()


def read(path):
    """A statement as it is sent."""
    return without_tests(pathlib.Path(path).read_text(encoding="utf-8"))


def forms(name, text):
    """(name, text) of what the program sends for a statement: for one call, and for many if it is marked so."""
    yield name, _MANY.sub("", text)
    if together := many(text):
        yield f"{name}/many", together


def expand(text, includes, parts):
    """`text` with what it includes: see gatehouse_sql_library. Statements get their parameters renumbered."""

    def part(line):
        indent, name = line.groups()
        if name not in parts:
            sys.exit(f"{name}.sql.part is not in this folder, only: {', '.join(parts) or 'none'}")
        return "\n".join(indent + row for row in parts[name].strip().splitlines())

    def included(line):
        indent, name, first = line.groups()
        if name not in includes:
            sys.exit(f"{name}.sql is not among the statements to include: {', '.join(includes) or 'none'}")
        shift = int(first) - 1
        statement = re.sub(r"\$(\d+)", lambda number: f"${int(number.group(1)) + shift}", includes[name].strip())
        return "\n".join(indent + row if row else row for row in statement.splitlines())

    text = re.sub(r"^( *)-- include (\S+)\.sql\.part$", part, text, flags=re.M)
    return re.sub(r"^( *)-- include (\S+)\.sql, whose \$1 is \$(\d+)$", included, text, flags=re.M)


def constant_of(constant, name, text, reads, together="nullptr"):
    return (
        f"inline constexpr ::gatehouse::storage::postgres::Query {constant}{{"
        f'"{name}", R"sql({text})sql", /*reads=*/{str(reads).lower()}, /*many=*/{together}}};'
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--area", required=True)
    parser.add_argument("--header", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--include", action="append", default=[], metavar="NAME=FILE")
    parser.add_argument("--part", action="append", default=[], type=pathlib.Path)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    includes = {
        name: read(path)
        for name, path in (include.split("=", 1) for include in args.include)
    }

    parts = {path.name.removesuffix(".sql.part"): path.read_text(encoding="utf-8") for path in args.part}

    guard = "GATEHOUSE_" + re.sub(r"\W", "_", args.header).upper() + "_"
    namespace = "gatehouse::" + str(pathlib.PurePath(args.header).parent).replace("/", "::")
    lines = [
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        '#include "storage/postgres/client/query.h"',
        "",
        f"namespace {namespace} {{",
        "",
    ]
    constants = []
    for path in sorted(args.files, key=lambda path: path.stem):
        text = expand(read(path), includes, parts)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
            sys.exit(f"{path}: the file name must be snake_case")
        if not text or ")sql\"" in text:
            sys.exit(f"{path}: empty, or contains )sql\"")
        constant = constant_name(path.stem)
        constants.append(constant)
        name = f"{args.area}/{path.stem}"
        reads = only_reads(text)
        sent = dict(forms(name, text))
        together = sent.get(f"{name}/many")
        if together:
            if not reads:
                sys.exit(f"{path}: many at a time, and does not only read")
            lines.append(constant_of(f"{constant}ForMany", f"{name}/many", together, reads))
        lines.append(constant_of(constant, name, sent[name], reads, f"&{constant}ForMany" if together else "nullptr"))
    lines += [
        "",
        "inline constexpr ::gatehouse::storage::postgres::Query kAll[] = {" + ", ".join(constants) + "};",
        "",
        f"}}  // namespace {namespace}",
        "",
        f"#endif  // {guard}",
        "",
    ]
    pathlib.Path(args.out).write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
