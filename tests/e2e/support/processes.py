"""What runs on this machine, from /proc."""

import os
import socket


def dying_with_us(signal_name):
    """The words to put before a command so that it gets a signal ("TERM") when this process has died, however.

    A test that is killed ends nothing itself, and what has a session of its own outlives what started it. Call it on the main
    thread: the kernel goes by the thread that started the command.
    """
    # Whoever died before the signal was asked for is nobody's parent any more.
    if_we_live = '[ "$PPID" = "$0" ] && exec "$@"'
    return ["/usr/bin/setpriv", f"--pdeathsig={signal_name}", "/bin/sh", "-c", if_we_live, str(os.getpid())]


def postgres_of(data_dir):
    """Pids of Postgres postmasters whose data directory is below `data_dir`."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if words[0].endswith(b"/postgres") and any(word.startswith(data_dir.encode() + b"/") for word in words):
            found.append(int(name))
    # A backend that has just been made has its postmaster's words still.
    children = _children()
    backends = {child for pid in found for child in children.get(pid, [])}
    return [pid for pid in found if pid not in backends]


def _children():
    """Of each process that has some."""
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                # The name in parentheses may hold anything.
                parent = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(name))
    return children


def tree_of(pid):
    """`pid` and its descendants, parents first."""
    children = _children()
    found = [pid]
    for known in found:
        found.extend(children.get(known, []))
    return found


def free_address():
    """For tests that must know an address before anybody listens there; others listen at port 0."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) << 10


def is_listening(address):
    host, _, port = address.rpartition(":")
    with socket.socket() as connection:
        connection.settimeout(5)
        return connection.connect_ex((host, int(port))) == 0
