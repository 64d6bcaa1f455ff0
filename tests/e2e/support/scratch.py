"""Folders of a test, open to the user that Postgres runs as and gone afterwards."""

import os
import shutil
import subprocess
import tempfile


def make_folder(test):
    """A new folder in /tmp, removed when `test` (a case, or a class in setUpClass) is done."""
    # Not TEST_TMPDIR: it may be below a home that the user "postgres" cannot enter, and too long for a socket's path.
    path = tempfile.mkdtemp(prefix="gatehouse-e2e-", dir="/tmp")
    os.chmod(path, 0o711)
    add = test.addClassCleanup if isinstance(test, type) else test.addCleanup
    add(shutil.rmtree, path, ignore_errors=True)
    return path


def write_private(path, text):
    """Writes a file that only its owner can read."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def copy(source, target):
    """A copy with owners and modes kept."""
    # shutil.copytree does not keep owners. And subprocess, not os.spawnv: fork() runs gRPC's handlers, which may wait for ever
    # for the threads of a channel that was open; vfork() runs none.
    os.makedirs(os.path.dirname(target), exist_ok=True)
    subprocess.run(["/bin/cp", "-a", source, target], check=True)
    return target
