"""Writes a C++ header that holds all migrations. See migrations.bzl."""

import argparse
import hashlib
import pathlib
import re
import sys

NAME = re.compile(r"(\d{4})_([a-z][a-z0-9]*(?:_[a-z0-9]+)+)\.(up|down)\.sql")
# The migrator owns the transaction: a file that ends it would be recorded apart from what it did.
TRANSACTION = re.compile(r"^\s*(begin|commit|rollback|start\s+transaction|end)(\s+(work|transaction))?\s*;", re.I | re.M)
NO_TRANSACTION = "-- gatehouse: no-transaction"
DELIMITER = "gh_sql"


class BadMigrations(Exception):
    pass


def is_transactional(text):
    for line in text.splitlines():
        if line.strip() == NO_TRANSACTION:
            return False
        if line.strip() and not line.startswith("--"):
            break
    return True


def check_text(name, text):
    if not text.strip():
        raise BadMigrations(f"{name}: empty")
    if "\r" in text or "\0" in text or f"){DELIMITER}\"" in text:
        raise BadMigrations(f"{name}: contains a carriage return, a NUL or ){DELIMITER}\"")
    if is_transactional(text):
        if NO_TRANSACTION in text:
            raise BadMigrations(f"{name}: '{NO_TRANSACTION}' must stand above the first statement")
        if match := TRANSACTION.search(text):
            raise BadMigrations(f"{name}: '{match.group(0).strip()}': the migrator owns the transaction")
        if re.search(r"\bconcurrently\b", re.sub(r"--.*", "", text), re.I):
            raise BadMigrations(f"{name}: CONCURRENTLY needs the line '{NO_TRANSACTION}' above it")
    elif "$$" in text:
        raise BadMigrations(f"{name}: no $$ bodies without a transaction: its statements are told apart by ';' at line ends")


def collect(files):
    """{(version, direction): (name, text)} of all files, checked one by one."""
    found = {}
    for path in sorted(files):
        match = NAME.fullmatch(path.name)
        if not match:
            raise BadMigrations(f"{path.name}: must be named NNNN_verb_noun.up.sql or NNNN_verb_noun.down.sql")
        version, name, direction = int(match[1]), match[2], match[3]
        if (version, direction) in found:
            raise BadMigrations(f"{path.name}: the number {match[1]} is used twice")
        # newline="" keeps carriage returns, so that they are found.
        with path.open(encoding="utf-8", newline="") as stream:
            text = stream.read()
        check_text(path.name, text)
        found[version, direction] = (name, text)
    return found


def migrations(files):
    """[(version, name, up, down)] in order, checked as a whole."""
    found = collect(files)
    versions = sorted({version for version, _ in found})
    if versions != list(range(1, len(versions) + 1)):
        raise BadMigrations(f"the numbers must be 0001, 0002 ... without gaps, not {versions}")
    result = []
    for version in versions:
        for direction in ("up", "down"):
            if (version, direction) not in found:
                raise BadMigrations(f"{version:04}: has no .{direction}.sql")
        (up_name, up), (down_name, down) = found[version, "up"], found[version, "down"]
        if up_name != down_name:
            raise BadMigrations(f"{version:04}: up is named {up_name}, down is named {down_name}")
        result.append((version, up_name, up, down))
    return result


def header_text(header, entries):
    guard = "GATEHOUSE_" + re.sub(r"\W", "_", header).upper() + "_"
    lines = [
        f"#ifndef {guard}",
        f"#define {guard}",
        "",
        "#include <array>",
        "",
        '#include "migrations/migration.h"',
        "",
        "namespace gatehouse::migrations {",
        "",
        f"inline constexpr std::array<Migration, {len(entries)}> kEmbeddedMigrations = {{{{",
    ]
    for version, name, up, down in entries:
        checksum = hashlib.sha256(up.encode()).hexdigest()
        lines.append(f'    {{{version}, "{name}", "{checksum}",')
        lines.append(f'     R"{DELIMITER}({up}){DELIMITER}",')
        lines.append(f'     R"{DELIMITER}({down}){DELIMITER}"}},')
    lines += ["}};", "", "}  // namespace gatehouse::migrations", "", f"#endif  // {guard}", ""]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    try:
        entries = migrations(args.files)
    except BadMigrations as error:
        sys.exit(f"migrations: {error}")
    pathlib.Path(args.out).write_text(header_text(args.header, entries), encoding="utf-8")


if __name__ == "__main__":
    main()
