"""Checks the rules of the code base that neither the compiler nor clang-tidy knows: layers, banned constructs, sizes.

Reads every file of the working tree that git knows or would add, prints "file:line: what is wrong" and fails if there is any.
"""

import pathlib
import re
import subprocess
import sys

# Folder -> what it must not include: an arrow in ARCHITECTURE.md that is missing there is a row here. Nothing includes upwards.
LAYERS = {
    "base/": r'"(rpc|service|auth|storage|migrations|gatehouse|tests)/|[<"]google/',
    "rpc/": r'"(service|auth|storage|migrations)/',
    "storage/": r'"(rpc|service|auth|gatehouse)/|[<"]google/',
    "auth/": r'"(service/|storage/postgres/)',
    "auth/(?!verifier/)": r'"gatehouse/|[<"]google/',
    "auth/verifier/": r'"storage/',
    "auth/(?!interceptors/)": r'"rpc/',
    "migrations/": r'"(rpc|service|auth|gatehouse)/|[<"]google/',
}

# gRPC's own library is the client of tests, load and the verifier, and not known to the server.
GRPC_FILES = re.compile(r"tests/.*|auth/verifier/.*")

# Folders whose headers may be built on messages: only there do they not slow down everyone else's builds.
MESSAGE_FOLDERS = ("rpc/services/", "service/", "tests/", "third_party/pch/")

# Asio is slow to compile and its names should not spread: base::Loop and base::Task stand for it.
ASIO_FILES = re.compile(r"base/(\w+/)*\w+\.cc|storage/postgres/client/(\w+\.cc|lanes/(\w+\.cc|lane\.h))|rpc/(\w+/)*\w+\.cc|service/(\w+/)+\w+\.cc|tests/.*\.cc")

# Headers of an area that its stores' implementations share. All others there are free of the driver: handlers include them.
DRIVER_HEADERS = re.compile(r"storage/\w+/(\w+_rows?|session_revocation|\w+_use|sequencer_database|\w+_fixture)\.h")

# Programs, as opposed to libraries, may print.
PRINTING_FILES = re.compile(r"service/main/|tests/|tools/|.*_test\.cc")

MAX_LINES = {".cc": 400, ".h": 250}
MAX_TEST_LINES = 600

# (files, pattern, why)
BANNED = [
    (r".*\.(cc|h)", r"asio::detached", "spawn in a base::TaskGroup, which can stop and wait for it"),
    (r".*\.(cc|h)", r"absl::Mutex\b", "use base::Mutex: ThreadSanitizer can not see into Debian's Abseil"),
    (r"(?!base/async/mutex\.h).*\.(cc|h)", r"\bstd::(mutex|lock_guard|unique_lock|scoped_lock)\b", "use base::Mutex"),
    (r".*\.h", r"^\s*using namespace ", "a header must not import names into its users"),
    (r".*\.(cc|h)", r"#pragma once", "use an include guard"),
    # Excepted is blocking code that waits for another process, which announces nothing.
    (r"(?!migrations/|storage/postgres/(embedded/|client/client_test_base)|tests/support/postgres/).*\.(cc|h)", r"\bsleep_for\(|\bsleep_until\(|\busleep\(",
     "wait for what you wait for, or step a ManualClock"),
    (r"(?!base/|proto/|third_party/|tools/bazel/|tests/support/).*BUILD\.bazel", r"//visibility:public", "name who may depend on it"),
    (r"(?!base/).*\.(cc|h)", r"system_clock::now\(", "take the time from the injected base::Clock"),
    (r".*\.(cc|h)", r"\bstd::rand\(|\brand\(\)|\bmt19937\b", "use base's cryptographic random bytes"),
]  # fmt: skip

# fprintf(stderr) is for the last words before abort(), where no logger can be relied on.
PRINTING = re.compile(r"std::cout|std::cerr|\bprintf\(|\bfprintf\((?!stderr)|\bputs\(")
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
TEXT_FILES = re.compile(r".*\.(cc|h|py|sql|proto|bzl|bazel|md|sh)|tools/\w+|\.ci/\w+")


def guard_name(path):
    return "GATEHOUSE_" + re.sub(r"\W", "_", path).upper() + "_"


def check_includes(path, number, line):
    include = re.match(r"\s*#include\s+([<\"].*)", line)
    if not include:
        return
    for folder, forbidden in LAYERS.items():
        is_support = path.endswith("_test.cc") and include.group(1).startswith('"tests/support/')
        if re.match(folder, path) and re.match(forbidden, include.group(1)) and not is_support:
            yield number, f"{folder} must not include {include.group(1)}"
    if ".pb.h" in line and path.endswith(".h") and not path.startswith(MESSAGE_FOLDERS):
        yield number, "include messages in .cc files, or below " + " ".join(MESSAGE_FOLDERS)
    if re.match(r"[<\"]asio[/.]", include.group(1)) and not ASIO_FILES.fullmatch(path):
        yield number, "only the event loop's own .cc files use Asio"
    if path.startswith("storage/") and path.endswith(".h") and not path.startswith("storage/postgres/"):
        if re.match(r"<libpq|\"storage/postgres/", include.group(1)) and not DRIVER_HEADERS.fullmatch(path):
            yield number, "headers in storage/ are free of the driver"
    if re.match(r"<grpc(pp)?/", include.group(1)) and not GRPC_FILES.fullmatch(path):
        yield number, "gRPC's library is known to tests and the verifier alone"


def check_banned(path, number, line):
    for files, pattern, why in BANNED:
        if re.fullmatch(files, path) and re.search(pattern, line):
            yield number, f"{re.search(pattern, line).group(0)!r}: {why}"


def check_cpp_line(path, number, line):
    yield from check_includes(path, number, line)
    if PRINTING.search(line) and not PRINTING_FILES.match(path):
        yield number, "libraries log, they do not print"


def check_file(path, text):
    """Yields (line number, what is wrong)."""
    lines = text.splitlines()
    # These two files have to name what they look for.
    if TEXT_FILES.fullmatch(path) and not path.startswith("tools/tidy/"):
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                yield number, "finish it, or open an issue"
    is_cpp = path.endswith((".cc", ".h"))
    for number, line in enumerate(lines, 1):
        code = line.partition("//")[0] if is_cpp else line
        yield from check_banned(path, number, code)
        if is_cpp:
            yield from check_cpp_line(path, number, code)
    if not is_cpp:
        return
    if path.endswith(".h") and f"#ifndef {guard_name(path)}" not in lines:
        yield 1, f"the include guard must be {guard_name(path)}"
    limit = MAX_TEST_LINES if path.startswith("tests/") or path.endswith("_test.cc") else MAX_LINES[path[path.rindex(".") :]]
    if len(lines) > limit:
        yield len(lines), f"{len(lines)} lines, the limit is {limit}: find the second thing this file does"


AREAS = "storage/areas.bzl"


def check_queries(paths, listed):
    """Yields the areas whose statements `listed`, a text, does not name: no test would know them."""
    areas = {match.group(1) for path in paths if (match := re.match(r"storage/(\w+)/queries/", path))}
    for area in sorted(areas):
        if f'"{area}",' not in listed:
            yield area


# A folder's namespace is its path or the beginning of it, and one for the whole folder.
NAMESPACE = re.compile(r"^namespace (gatehouse(?:::\w+)*) \{(?!.*\})", re.M)


def check_namespaces(files):
    """`files` are (path, text). Yields (path, line, what is wrong)."""
    namespaces = {}
    for path, text in files:
        folder = path.rpartition("/")[0]
        if not path.endswith((".cc", ".h")) or folder.startswith("tests/"):
            continue
        for match in NAMESPACE.finditer(text):
            # Declarations of what another folder defines are short; so are specialisations.
            body = text[match.end() : text.find("\n}", match.end())]
            if re.fullmatch(r"(\s*(template <[\w, ]*>\n)?(class|struct|namespace|enum class) [\w: {]+;?(\n|$)|\s*\}\s*|\s*//.*)*", body):
                continue
            name = match.group(1)
            line = text.count("\n", 0, match.start()) + 1
            own = "gatehouse::" + folder.replace("/", "::")
            if name.startswith(own + "::") or name.endswith("_internal"):
                continue
            if not (own + "::").startswith(name + "::"):
                yield path, line, f"{name} is not the namespace of {folder}/"
            elif namespaces.setdefault(folder, name) != name:
                yield path, line, f"the files of {folder}/ are in {namespaces[folder]}"


def main():
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        check=True,
        capture_output=True,
    ).stdout.decode()
    problems = 0
    paths = [path for path in listing.split("\0") if path]
    for folder in check_queries(paths, pathlib.Path(AREAS).read_text("utf-8")):
        print(f"{AREAS}:1: leaves out the statements of storage/{folder}/queries")
        problems += 1
    texts = []
    for path in paths:
        try:
            text = pathlib.Path(path).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue
        texts.append((path, text))
        for number, problem in check_file(path, text):
            print(f"{path}:{number}: {problem}")
            problems += 1
    for path, number, problem in check_namespaces(texts):
        print(f"{path}:{number}: {problem}")
        problems += 1
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
