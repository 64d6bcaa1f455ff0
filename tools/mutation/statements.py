"""What a faulty .sql or .sql.part file makes of the statements that the program sends."""

import re

from tools.bazel import sql_header

_QUERIES = re.compile(r"storage/(\w+)/queries/(\w+)\.sql")
_INCLUDED = re.compile(r"^ *-- include (\S+)\.sql, whose", re.M)
_PARTS = re.compile(r"^ *-- include (\S+)\.sql\.part$", re.M)


def name_of(path):
    """What the statement of a file is called (tools/bazel/sql_header.py), or None if it is not a statement."""
    match = _QUERIES.fullmatch(path)
    return "/".join(match.groups()) if match else None


class Statements:
    """All statements of the program. `files` are path -> text of the .sql and .sql.part files."""

    def __init__(self, files):
        self._files = {path: sql_header.without_tests(text) for path, text in files.items()}
        self._paths = {name: path for path in files if (name := name_of(path))}

    def _part(self, statement, name):
        """The path of a part: of the same folder, or the only one of that name elsewhere."""
        beside = f"{statement.rpartition('/')[0]}/{name}.sql.part"
        return beside if beside in self._files else next(path for path in self._files if path.endswith(f"/{name}.sql.part"))

    def _uses(self, path):
        text = self._files[path]
        included = {name: self._paths[name] for name in _INCLUDED.findall(text)}
        parts = {name: self._part(path, name) for name in _PARTS.findall(text)}
        return included, parts

    def with_fault(self, path, text):
        """Name -> text of every statement that the file at `path` is in, as it is when the file holds `text`."""
        texts = {**self._files, path: sql_header.without_tests(text)}
        found = {}
        for name, statement in self._paths.items():
            included, parts = self._uses(statement)
            if path in (statement, *included.values(), *parts.values()):
                whole = sql_header.expand(
                    texts[statement],
                    {one: texts[other] for one, other in included.items()},
                    {one: texts[other] for one, other in parts.items()},
                )
                found.update(sql_header.forms(name, whole))
        return found
