"""Whether the server held out, by what an honest client noticed: pure arithmetic, apart from how it is measured."""

import collections
import statistics

# What must hold under every attack.
MAX_P99_RATIO = 3
MAX_RESIDENT_MIB = 256
# Lines of the log a second, and what may come at once at the beginning: rpc/interceptors/failure_log.h.
MAX_LINES_PER_S = 100
MAX_LINES_AT_ONCE = 1000

# `times` are milliseconds of each call, in order; those that failed are among them.
Calls = collections.namedtuple("Calls", "times failed")
# The honest client alone, and right after that beside the attack, for as long.
Round = collections.namedtuple("Round", "idle under")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0.0


class Judgement:
    """Of some rounds on one server."""

    def __init__(self, rounds):
        idle, under = [], []
        for one in rounds:
            # A percentile of more calls is another figure: under attack there are fewer of them.
            count = min(len(one.idle.times), len(one.under.times))
            idle.append(one.idle.times[:count])
            under.append(one.under.times[:count])
        idle_p99s = [percentile(times, 0.99) for times in idle]
        self.idle_p50, self.under_p50 = (statistics.median(percentile(times, 0.5) for times in taken) for taken in (idle, under))
        # Of one round either may be the machine's doing.
        self.idle_p99 = statistics.median(idle_p99s)
        self.under_p99 = statistics.median(percentile(times, 0.99) for times in under)
        self.worst = max((time for one in rounds for time in one.under.times), default=0.0)
        # What differs without an attack tells nothing of one.
        self.noise = min(max(idle_p99s) - min(idle_p99s), self.idle_p99)
        self.calls = sum(len(one.under.times) for one in rounds)
        self.failed = sum(one.under.failed for one in rounds)

    @property
    def ratio(self):
        return self.under_p99 / self.idle_p99 if self.idle_p99 else float("inf")

    @property
    def allowed_p99(self):
        return MAX_P99_RATIO * self.idle_p99 + self.noise

    def unmet(self, peak_mib, log_lines, seconds):
        """What did not hold, given the server's memory at its peak and its log over the attack's seconds."""
        most_lines = MAX_LINES_AT_ONCE + MAX_LINES_PER_S * seconds
        checks = (
            (self.calls > 0, "the honest client calls"),
            (self.under_p99 <= self.allowed_p99, f"p99 within {self.allowed_p99:.2f} ms"),
            (not self.failed, "every honest call is answered"),
            (peak_mib <= MAX_RESIDENT_MIB, f"at most {MAX_RESIDENT_MIB} MiB"),
            (log_lines <= most_lines, f"at most {most_lines:.0f} lines of log, and it were {log_lines}"),
        )
        return [what for holds, what in checks if not holds]
