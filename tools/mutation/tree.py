"""A copy of the sources with every fault in it, each behind a switch, and the test programs built of it."""

import hashlib
import json
import os
import re
import shutil
import subprocess

from tools.mutation.faults import faults_of, switched
from tools.mutation.programs import Program
from tools.mutation.statements import Statements

# Where statements are sent, and what is sent.
_SENDER = "storage/postgres/client/lanes/lane_send.cc"
_SENT = "statement.query.text"
# What the same is for tests that read statements, in the generated source of AllQueries().
_READ_DECLARATION = """namespace gatehouse::tools {{
std::string_view TextOf(std::string_view name, std::string_view text);
}}
namespace gatehouse::tests {{"""
_READ = """  for (storage::postgres::Query& query : all) {{
    query.text = tools::TextOf(query.name, query.text);
    if (query.many == nullptr) continue;
    auto* many = new storage::postgres::Query(*query.many);
    many->text = tools::TextOf(many->name, many->text);
    query.many = many;
  }}
  return all;
"""
# Builds until what does not compile is out; each round finds what the last one hid.
_ROUNDS = 8
# Nobody else will want what is built of faulty sources.
_BUILD_OPTIONS = ["--keep_going", "--show_result=0", "--noremote_upload_local_results"]
_ERROR = re.compile(r"^([\w/.]+\.(?:cc|h)):(\d+):\d+: (error|note):", re.M)


def run(*command, cwd, **kwargs):
    return subprocess.run(command, cwd=cwd, text=True, capture_output=True, **kwargs)


class Tree:
    """`root` is the repository. What is changed in it and not committed is in the copy, too."""

    def __init__(self, root):
        self.root = root
        self.folder = root / ".cache/mutate/tree"
        self._refused_file = root / ".cache/mutate/refused.json"
        # Faults that do not compile, from earlier runs: path -> [digest of its text, indices].
        self._refused = json.loads(self._refused_file.read_text()) if self._refused_file.exists() else {}
        self._header = (root / "tools/mutation/faults.h").read_text(encoding="utf-8")
        self._copy()
        listed = run("git", "ls-files", "storage/*.sql", "storage/*.sql.part", cwd=root, check=True).stdout.splitlines()
        self.statements = Statements({path: self.text(path) for path in listed})
        # Number -> fault, for C++.
        self.faults = {}
        # Number -> faults, for statements: all of one have the number of the file.
        self.statement_faults = {}

    def _copy(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        # Options of this machine.
        if (self.root / "user.bazelrc").exists():
            shutil.copy(self.root / "user.bazelrc", self.folder)
        # Without a work tree of its own in Git, which would have to be taken away again.
        archive = subprocess.run(["git", "archive", "HEAD"], cwd=self.root, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x"], cwd=self.folder, check=True, input=archive)
        changes = run("git", "diff", "HEAD", "--binary", cwd=self.root, check=True).stdout
        if changes:
            # Apart from the repository around it, to which the paths would belong.
            apart = {**os.environ, "GIT_CEILING_DIRECTORIES": str(self.folder.parent)}
            run("git", "apply", "-", cwd=self.folder, check=True, input=changes, env=apart)

    def text(self, path):
        return (self.folder / path).read_text(encoding="utf-8")

    def _sources(self, paths):
        listed = run("git", "ls-files", "--", *paths, cwd=self.root, check=True).stdout.splitlines()
        for path in listed:
            if "_test" in path or "fixture" in path or not path.endswith((".cc", ".h", ".sql", ".sql.part")):
                continue
            if path.endswith((".sql", ".sql.part")) and "/queries/" not in path:
                continue
            # A header would have all that include it compiled anew, for its few faults.
            if path.endswith(".h") and path not in paths:
                continue
            yield path

    def put_in(self, paths, choose):
        """Puts in all faults of the files and folders: of the C++ files, of those that `choose` gives back."""
        self._originals = {path: self.text(path) for path in self._sources(paths)}
        chosen = choose([path for path in self._originals if not path.endswith((".sql", ".sql.part"))])
        number = 0
        self._numbered = {}
        for path, text in self._originals.items():
            faults = list(faults_of(path, text))
            if path.endswith((".sql", ".sql.part")):
                self.statement_faults[number] = faults
                number += 1
            else:
                if path not in chosen:
                    # The numbers of the others do not depend on it: what is built of them stays as it is.
                    number += len(faults)
                    continue
                refused = self._refused.get(path, ["", []])
                known = refused[1] if refused[0] == self._digest(path) else []
                self._numbered[path] = [(number + index, fault) for index, fault in enumerate(faults)]
                self.faults.update(one for index, one in enumerate(self._numbered[path]) if index not in known)
                number += len(faults)
        for path in self._numbered:
            self._write(path)
        if _SENDER not in self._numbered and self.statement_faults:
            self._hook_statements()
        self._hook_tests()

    def _digest(self, path):
        return hashlib.sha256((self._header + self._originals[path]).encode()).hexdigest()

    def _write(self, path):
        chosen = [one for one in self._numbered[path] if one[0] in self.faults]
        text = self._originals[path]
        (self.folder / path).write_text(switched(path, text, chosen, self._header) if chosen else text, encoding="utf-8")
        if path == _SENDER and self.statement_faults:
            self._hook_statements()

    def _hook_statements(self):
        text = self.text(_SENDER)
        if _SENT not in text:
            raise RuntimeError(f"{_SENDER} no longer sends {_SENT}")
        hook = self._statements_text()
        text = text.replace(_SENT, "::gatehouse::tools::TextOf(statement.query.name, statement.query.text)")
        first_line = f'#line 1 "{_SENDER}"\n'
        if first_line not in text:
            text = switched(_SENDER, text, [], self._header)
        (self.folder / _SENDER).write_text(text.replace(first_line, hook + first_line), encoding="utf-8")

    def _statements_text(self):
        rows = [
            f'{{"{name}", {number}}},'
            for number, faults in self.statement_faults.items()
            for name in (self.statements.with_fault(faults[0].path, self._originals[faults[0].path]) if faults else ())
        ]
        text = (self.root / "tools/mutation/statements.inc").read_text(encoding="utf-8")
        return text.replace("    // STATEMENTS", "\n".join(rows))

    def _hook_read_statements(self):
        """Tests of all statements get them with the fault."""
        rule = self.text("tools/bazel/sql.bzl")
        hooked = rule.replace("namespace gatehouse::tests {{", _READ_DECLARATION, 1).replace("  return all;\n", _READ, 1)
        if _READ not in hooked or _READ_DECLARATION not in hooked:
            raise RuntimeError("tools/bazel/sql.bzl no longer generates AllQueries()")
        (self.folder / "tools/bazel/sql.bzl").write_text(hooked, encoding="utf-8")

    def _hook_tests(self):
        listener = (self.root / "tools/mutation/listener.cc").read_text(encoding="utf-8")
        if self.statement_faults:
            self._hook_read_statements()
            listener = self._statements_text() + listener
        (self.folder / "third_party/listener.cc").write_text(self._header + listener, encoding="utf-8")
        build = self.text("third_party/BUILD.bazel")
        hooked = build.replace('    name = "gtest",\n', '    name = "gtest",\n    srcs = ["listener.cc"],\n    alwayslink = True,\n')
        if hooked == build:
            raise RuntimeError("third_party/BUILD.bazel no longer has the target gtest")
        (self.folder / "third_party/BUILD.bazel").write_text(hooked, encoding="utf-8")

    def programs(self, patterns):
        """The C++ tests of the patterns that depend on what is changed, but the slow ones."""
        files = " ".join(path for path, numbered in self._numbered.items() if numbered)
        if self.statement_faults:
            files += " " + _SENDER
        query = f'kind("cc_test rule", rdeps(//..., set({files}))) intersect set({" ".join(patterns)})'
        query += ' except attr(tags, "slow", //...)'
        found = run("bazel", "query", "--keep_going", query, cwd=self.folder)
        labels = found.stdout.split()
        if not labels:
            raise RuntimeError(f"no test depends on what is changed:\n{found.stderr}")
        return [Program(label, self.folder / "bazel-bin" / label.removeprefix("//").replace(":", "/")) for label in labels]

    def build(self, programs):
        """Builds the programs, and takes out what does not compile."""
        for _ in range(_ROUNDS):
            built = run("bazel", "build", *_BUILD_OPTIONS, *[program.label for program in programs], cwd=self.folder)
            if built.returncode == 0:
                return
            refused = self._refused_by(built.stderr)
            if not refused:
                break
            for path in refused:
                self._write(path)
        raise RuntimeError(f"the sources do not compile:\n{built.stderr[-20000:]}")

    def _refused_by(self, output):
        """Takes out the faults on lines that the compiler names; returns their files."""
        named = {(path, int(line)) for path, line, _ in _ERROR.findall(output) if path in self._numbered}
        blamed = [number for number, fault in self.faults.items() if (fault.path, fault.line) in named]
        changed = {self.faults.pop(number).path for number in blamed}
        for path in changed:
            gone = [index for index, (number, _) in enumerate(self._numbered[path]) if number not in self.faults]
            self._refused[path] = [self._digest(path), gone]
        self._refused_file.write_text(json.dumps(self._refused))
        return changed

    def close(self):
        run("bazel", "shutdown", cwd=self.folder)
