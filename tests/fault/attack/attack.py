"""What an honest client notices of each attack, and what the server holds for it. Started by tools/attack."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import unittest

from tests.fault.attack.attacks import ATTACKS
from tests.fault.attack.judgement import Calls, Judgement, Round

# For the server to be rid of an attack before the honest client is alone again, and of its memory before that is looked at.
REST_S = 1.5

COLUMNS = (
    "attack",
    "idle p50 / p99 ms",
    "under it p50 / p99 / max ms",
    "p99 ratio",
    "failed",
    "MiB before / peak / after",
    "log lines",
    "attacker's CPU",
    "",
    "what became of it",
)


def start(module, plan, nice=0):
    process = subprocess.Popen(
        ["nice", f"-n{nice}", sys.executable, "-m", f"tests.fault.attack.{module}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    return process


def finish(process, seconds):
    """What it printed; it was to take so long."""
    out, _ = process.communicate(timeout=seconds + 120)
    if process.returncode != 0:
        raise RuntimeError(f"{process.args[-1]} failed")
    return json.loads(out.splitlines()[-1])


def listen(victim, seconds):
    """Starts the honest client; it has made its first call when this returns."""
    process = start("honest", {**victim.honest_plan(), "seconds": seconds})
    process.stdout.readline()
    return process


class Trial:
    """One attack on a server of its own, in rounds."""

    def __init__(self, victim, name, options):
        self.name = name
        self._victim = victim
        self._nice = options.nice
        attack = ATTACKS[name]
        self.seconds = max(options.seconds, attack.least_seconds)
        victim.start(attack.settings)
        self.rounds, self.outcomes = [], []
        try:
            for _ in range(options.rounds):
                self._take_round()
                time.sleep(REST_S)
            self.peak = victim.resident_mib("VmHWM")
            self.after = victim.resident_mib()
            self.log_lines = victim.log_lines()
        finally:
            victim.server.discard()

    def _take_round(self):
        victim = self._victim
        idle = finish(listen(victim, self.seconds), self.seconds)
        if not self.rounds:
            self.before = victim.resident_mib()
            victim.forget_peak()
        honest = listen(victim, self.seconds)
        plan = {**victim.attack_plan(), "attack": self.name, "seconds": self.seconds}
        attacker = start("attacks", plan, self._nice)
        under = finish(honest, self.seconds)
        self.outcomes.append(finish(attacker, self.seconds))
        self.rounds.append(Round(Calls(idle["times"], idle["failed"]), Calls(under["times"], under["failed"])))

    def judge(self):
        """Prints a line of the table, and what did not hold; whether all of it did."""
        judged = Judgement(self.rounds)
        unmet = judged.unmet(self.peak, self.log_lines, self.seconds * len(self.rounds))
        for outcome in self.outcomes:
            unmet += [what for what in outcome["unmet"] if what not in unmet]
        cpu = statistics.median(outcome["cpu_s"] for outcome in self.outcomes) / self.seconds
        cells = (
            self.name,
            f"{judged.idle_p50:.2f} / {judged.idle_p99:.2f}",
            f"{judged.under_p50:.2f} / {judged.under_p99:.2f} / {judged.worst:.0f}",
            f"{judged.ratio:.1f}",
            f"{judged.failed} of {judged.calls}",
            f"{self.before:.0f} / {self.peak:.0f} / {self.after:.0f}",
            f"{self.log_lines}",
            f"{cpu:.0%}",
            "BROKEN" if unmet else "holds",
            self.outcomes[-1]["became"],
        )
        print("| " + " | ".join(cells) + " |", flush=True)
        for what in unmet:
            print(f"    not so: {what}", file=sys.stderr, flush=True)
        return not unmet


def run_all(names, options):
    """Whether each of them held."""
    # Imported here, since it reads GATEHOUSE_BINARY.
    from tests.fault.attack.victim import Victim

    held = []
    for tls in (False, True):
        chosen = [name for name in names if ATTACKS[name].tls == tls]
        if not chosen:
            continue
        case = unittest.TestCase()
        try:
            victim = Victim(case, tls)
            held += [Trial(victim, name, options).judge() for name in chosen]
        finally:
            case.doCleanups()
    return held


def main():
    parser = argparse.ArgumentParser(prog="tools/attack")
    parser.add_argument("--bin", required=True)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nice", type=int, default=10)
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help=", ".join(ATTACKS))
    options = parser.parse_args()
    unknown = set(options.attacks) - set(ATTACKS)
    if unknown:
        parser.error(f"no such attack: {', '.join(sorted(unknown))}")
    os.environ["GATEHOUSE_BINARY"] = os.path.join(options.bin, "service/main/gatehouse")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    print("| " + " | ".join(COLUMNS) + " |")
    print("|" + "---|" * len(COLUMNS), flush=True)
    held = run_all(options.attacks or list(ATTACKS), options)
    broken = held.count(False)
    print(f"{len(held) - broken} held, {broken} broken")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
