"""Writes a C++ header with one constant per .sql file. See sql.bzl."""

import argparse
import pathlib
import re
import sys


def constant_name(stem):
    return "k" + "".join(word.capitalize() for word in stem.split("_"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--namespace", required=True)
    parser.add_argument("--header", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()

    guard = "GATEHOUSE_" + re.sub(r"\W", "_", args.header).upper() + "_"
    namespace = "gatehouse::storage::postgres::queries::" + args.namespace
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
        text = path.read_text(encoding="utf-8").strip()
        if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
            sys.exit(f"{path}: the file name must be snake_case")
        if not text or ")sql\"" in text:
            sys.exit(f"{path}: empty, or contains )sql\"")
        constant = constant_name(path.stem)
        constants.append(constant)
        lines.append(
            f"inline constexpr ::gatehouse::storage::postgres::Query {constant}{{"
            f'"{args.namespace}/{path.stem}", R"sql({text})sql"}};'
        )
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
