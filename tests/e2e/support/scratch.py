"""Folders of a test, open to the user that Postgres runs as and gone afterwards."""

import fcntl
import glob
import os
import shutil
import subprocess
import tempfile

# Not TEST_TMPDIR: it may be below a home that the user "postgres" cannot enter, and too long for a socket's path.
_PREFIX = "/tmp/gatehouse-scratch-"


def make_folder(test):
    """A new folder in /tmp, removed when `test` (a case, or a class in setUpClass) is done.

    A process that is killed removes nothing. So whoever lives holds a lock on its folder, and whoever makes a new one removes
    those that nobody holds.
    """
    _remove_abandoned()
    while True:
        path = tempfile.mkdtemp(prefix=os.path.basename(_PREFIX), dir=os.path.dirname(_PREFIX))
        try:
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(handle, fcntl.LOCK_EX)
            os.chmod(path, 0o711)
            break
        except FileNotFoundError:
            # Another found it between its making and its lock. A handle of what is gone is closed with the process.
            continue
    add = test.addClassCleanup if isinstance(test, type) else test.addCleanup
    add(os.close, handle)
    add(shutil.rmtree, path, ignore_errors=True)
    return path


def _remove_abandoned():
    for path in glob.glob(_PREFIX + "*"):
        try:
            handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(handle)


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
