"""Writes headers as one text, in which those found in the given folders are written out. See pch.bzl."""

import argparse
import pathlib
import re

_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def flatten(path: pathlib.Path, folders: list[pathlib.Path], seen: set[pathlib.Path]) -> list[str]:
    """The lines of `path`; each header of the folders stands where it is first included."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        include = _INCLUDE.match(line)
        lines += flatten_header(include[1], folders, seen) if include else [line]
    return lines


def flatten_header(name: str, folders: list[pathlib.Path], seen: set[pathlib.Path]) -> list[str]:
    """The lines of the header `name`, none if it is there already; what no folder has is left to the compiler."""
    for folder in folders:
        path = folder / name
        if path in seen:
            return []
        if path.exists():
            seen.add(path)
            return flatten(path, folders, seen)
    return [f'#include "{name}"']


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--folder", action="append", default=[], type=pathlib.Path)
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    args = parser.parse_args()
    seen: set[pathlib.Path] = set()
    lines = [line for path in args.files for line in flatten(path, args.folder, seen)]
    for name in args.header:
        lines += flatten_header(name, args.folder, seen)
    args.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
