"""Test programs, run case by case outside of Bazel, each with one fault on."""

import dataclasses
import os
import pathlib
import signal
import subprocess
import tempfile

# What the listener calls that which belongs to no case: set-ups of suites, beginning and end.
_WHOLE = "*"


@dataclasses.dataclass
class Program:
    label: str
    binary: pathlib.Path
    # Case -> how many seconds it takes. What belongs to no case is "*".
    seconds: dict = dataclasses.field(default_factory=dict)
    # Case -> the numbers of the faults it comes by.
    reached: dict = dataclasses.field(default_factory=dict)
    # What it takes to begin and to end.
    overhead: float = 0.0

    def cases_by(self, fault):
        """The cases that come by a fault: all of them if it is before or between them."""
        cases = [case for case, faults in self.reached.items() if fault in faults]
        return [case for case in self.seconds if case != _WHOLE] if _WHOLE in cases else cases

    def cost(self, cases):
        return self.overhead + sum(self.seconds[case] for case in cases)


@dataclasses.dataclass
class Run:
    # "passed", "failed" or "timed out".
    outcome: str
    # The case that failed first.
    case: str = ""


def run(program, environment, timeout, cases=()):
    """Runs the cases of a program, or all, until the first that fails."""
    runfiles = pathlib.Path(f"{program.binary}.runfiles")
    with tempfile.TemporaryDirectory(prefix="gatehouse-mutate-") as scratch:
        os.chmod(scratch, 0o777)
        if cases:
            environment = {**environment, "GTEST_FILTER": ":".join(cases)}
        process = subprocess.Popen(
            [program.binary, "--gtest_fail_fast", "--gtest_brief=1"],
            cwd=runfiles / "gatehouse",
            env={
                "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
                "HOME": os.environ["HOME"],
                "TEST_TMPDIR": scratch,
                "TEST_SRCDIR": str(runfiles),
                "TEST_WORKSPACE": "gatehouse",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # With all that it starts, so that all of it can be ended.
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Run("timed out")
    if process.returncode == 0:
        return Run("passed")
    failed = [line.split("]")[1].split("(")[0].strip(" ,") for line in output.splitlines() if line.startswith("[  FAILED  ]")]
    return Run("failed", failed[0] if failed else f"exit {process.returncode}")


def read_reached(lines):
    """(case -> seconds, case -> faults) from what listener.cc wrote."""
    seconds, reached = {}, {}
    for line in lines:
        case, milliseconds, *faults = line.split()
        seconds[case] = seconds.get(case, 0) + int(milliseconds) / 1000
        reached.setdefault(case, set()).update(map(int, faults))
    return seconds, reached


def observe(program, timeout, elapsed):
    """Runs a program without a fault and remembers what its cases come by. Returns whether it passes. `elapsed` is a
    clock."""
    with tempfile.NamedTemporaryFile(mode="r", prefix="gatehouse-reached-") as written:
        os.chmod(written.name, 0o666)
        began = elapsed()
        result = run(program, {"FAULTS_REACHED": written.name}, timeout)
        took = elapsed() - began
        program.seconds, program.reached = read_reached(written)
    program.overhead = max(0.0, took - sum(program.seconds.values()))
    return result.outcome == "passed"


def try_fault(programs, fault, environment, budget):
    """Runs the cases that come by a fault, the cheapest programs first, with the fault on. Returns (outcome, by which case,
    whether all ran): noticed, survived or not reached. It takes no longer than `budget` seconds, more or less."""
    chosen = [(program, cases) for program in programs if (cases := program.cases_by(fault))]
    if not chosen:
        return "not reached", "", True
    chosen.sort(key=lambda one: one[0].cost(one[1]))
    for program, cases in chosen:
        cost = program.cost(cases)
        if cost > budget:
            return "survived", "", False
        budget -= cost
        result = run(program, environment, 20 + 4 * cost, cases if len(cases) < len(program.seconds) - 1 else ())
        if result.outcome != "passed":
            return "noticed", f"{program.label} {result.case or result.outcome}", True
    return "survived", "", True
