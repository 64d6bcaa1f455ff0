"""A private Postgres for tests of `gatehouse serve`."""

import os
import secrets
import signal
import subprocess

from tests.e2e.support import accounts, processes, scratch
from tests.e2e.support.waiting import DEADLINE_S, until

_ROOT = "/usr/lib/postgresql"
_OWNER = "postgres"

# What a test needs to be fast; tests of crashes and benchmarks ask for durability.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # Files in its folder, which are removed with it: what is in /dev/shm stays when the sandbox kills everything.
    "dynamic_shared_memory_type": "mmap",
}


def bin_dir():
    newest = max((int(name) for name in os.listdir(_ROOT) if name.isdigit()), default=None)
    if newest is None:
        raise AssertionError("no Postgres server is installed: tools/setup test")
    return f"{_ROOT}/{newest}/bin"


def run_sql(dsn, text):
    """Runs SQL; its rows as psql prints them, unaligned."""
    return _psql(dsn, "-c", text)


def run_sql_file(dsn, path):
    """Runs a file of SQL as an operator does."""
    return _psql(dsn, "-f", path)


def _psql(dsn, *arguments):
    done = subprocess.run(
        [f"{bin_dir()}/psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn, *arguments],
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"psql: {done.stderr}")
    return done.stdout.strip()


def make_folder(path):
    """A folder that Postgres can write to, and others cannot enter."""
    os.mkdir(path, 0o700)
    accounts.give(path, _OWNER)
    return path


class TableLock:
    """Holds a lock of a table from outside until the block ends: whoever uses the table waits, or writes to it by mode "SHARE"."""

    def __init__(self, dsn, table, mode="ACCESS EXCLUSIVE"):
        self._dsn = dsn
        self._psql = subprocess.Popen(
            [f"{bin_dir()}/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", dsn],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._psql.stdin.write(f"BEGIN; LOCK TABLE {table} IN {mode} MODE;\n\\echo locked\n")
        self._psql.stdin.flush()
        answer = self._psql.stdout.readline()
        if answer != "locked\n":
            raise AssertionError(f"{table} could not be locked: {answer}")

    def has_waiter(self):
        return run_sql(self._dsn, "SELECT count(*) FROM pg_locks WHERE NOT granted") != "0"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._psql.communicate("COMMIT;\n", timeout=DEADLINE_S)


class Postgres:
    """A cluster in a folder of its own, reached by a Unix socket alone. `stop` and `start` as often as wanted.

    `data` is the data folder of a cluster that is there already; without it a new one is made.
    """

    def __init__(self, test, settings=None, data=None):
        self._settings = FAST if settings is None else settings
        self._folder = scratch.make_folder(test)
        self.socket_dir = os.path.join(self._folder, "run")
        self._data = data or os.path.join(self._folder, "data")
        self._prefix = accounts.prefix_of(_OWNER)
        self._process = None
        make_folder(self.socket_dir)
        if not data:
            make_folder(self._data)
            self._run_initdb()
        add = test.addClassCleanup if isinstance(test, type) else test.addCleanup
        add(self.stop)
        self.start()

    def dsn(self, database="postgres"):
        return f"host={self.socket_dir} user=postgres dbname={database}"

    @property
    def pid(self):
        """Of the postmaster."""
        return self._process.pid

    def create_database(self):
        """A new, empty database; its DSN."""
        name = "test_" + secrets.token_hex(6)
        self.sql(f"CREATE DATABASE {name}")
        return self.dsn(name)

    def sql(self, text, dsn=None):
        """Runs SQL; its rows as psql prints them, unaligned."""
        return run_sql(dsn or self.dsn(), text)

    def start(self):
        options = {"listen_addresses": "", "unix_socket_directories": self.socket_dir, **self._settings}
        words = [f"{bin_dir()}/postgres", "-D", self._data]
        for name, value in options.items():
            words += ["-c", f"{name}={value}"]
        with open(os.path.join(self._folder, "log"), "ab") as log:
            self._process = subprocess.Popen(
                # Behind the change of user, which clears it.
                [*self._prefix, *processes.dying_with_us("INT"), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
            )
        ping = [f"{bin_dir()}/pg_isready", "-q", "-h", self.socket_dir]
        until(lambda: subprocess.run(ping, check=False).returncode == 0, self.log)

    def stop(self, number=signal.SIGINT):
        """Fast shutdown by default: sessions are ended."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(DEADLINE_S)
            self._process = None

    def freeze(self):
        """It answers nobody any more, without ending a connection; until `thaw`."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self):
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number):
        if self._process is not None:
            # From the top: a parent that is stopped starts no more children.
            for pid in processes.tree_of(self._process.pid):
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass

    def log(self):
        with open(os.path.join(self._folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def _run_initdb(self):
        words = ["--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        done = subprocess.run(
            [*self._prefix, f"{bin_dir()}/initdb", "-D", self._data, "--username=postgres", *words],
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(f"initdb: {done.stdout}{done.stderr}")
