"""Checks that pages which name files and tests as evidence name some that exist.

A word in backquotes with a slash is a path of the tree. A name of a test in backquotes, CamelCase or test_..., stands in the file
named before it in the same cell or line. Prints "page:line: what is wrong" and fails if there is any.
"""

import pathlib
import re
import sys

PAGES = ("docs/operating/security.md",)

_WORD = re.compile(r"`([^`\s]+)`")
_PATH = re.compile(r"[\w.-]+(/[\w.-]+)*/[\w.-]*")
_TEST = re.compile(r"test_\w+|[A-Z]+[a-z]\w*")
# Names that are no test, in files whose names do not say that they are one.
_TEST_FILE = re.compile(r".*_test\.(cc|py)")


def check(text, read):
    """Yields (line, what is wrong). `read` gives a file's text, "" for a folder, None where there is neither."""
    for number, line in enumerate(text.splitlines(), 1):
        for cell in line.split(" | "):
            path = None
            for word in _WORD.findall(cell):
                if _PATH.fullmatch(word) and not word.startswith("/"):
                    path = word
                    if read(path) is None:
                        yield number, f"there is no {path}"
                elif path and _TEST_FILE.fullmatch(path) and _TEST.fullmatch(word):
                    if not re.search(rf"\b{word}\b", read(path) or ""):
                        yield number, f"{path} has no {word}"


def read_tree(path):
    file = pathlib.Path(path)
    if file.is_dir():
        return ""
    return file.read_text("utf-8") if file.is_file() else None


def main():
    problems = [
        f"{page}:{number}: {what}"
        for page in PAGES
        for number, what in check(pathlib.Path(page).read_text("utf-8"), read_tree)
    ]
    print("\n".join(problems), end="\n" if problems else "")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
