"""What a program has used so far: allocations, processor time, memory."""

import mmap
import os
import tempfile

from tests.e2e.support import processes

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_us(pid):
    """Microseconds of processor time of all threads of a process, in steps of the kernel's clock tick."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        # The name in brackets may hold blanks; utime and stime are the 14th and 15th field.
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1_000_000 // TICKS_PER_SECOND


def cpu_us_of_tree(pid):
    """The same of a process and its descendants that live."""
    total = 0
    for one in processes.tree_of(pid):
        try:
            total += cpu_us(one)
        except OSError:
            # It has ended since.
            pass
    return total


def peak_bytes(pid):
    """Resident bytes when they were most."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) << 10


class AllocationCount:
    """Counts the allocations of a program started with `environment`: tests/bench/allocation_counter.cc."""

    def __init__(self, library, folder):
        self._file = tempfile.NamedTemporaryFile(dir=folder)
        self._file.write(bytes(8))
        self._file.flush()
        self._mapped = mmap.mmap(self._file.fileno(), 8)
        self.environment = {"LD_PRELOAD": library, "ALLOCATION_COUNTER": self._file.name}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._mapped.close()
        self._file.close()

    def count(self):
        return int.from_bytes(self._mapped[:8], "little")
