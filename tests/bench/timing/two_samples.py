"""Whether two samples of durations come from one distribution.

Two tests, since each sees what the other may miss:

- Mann and Whitney, "On a Test of Whether one of Two Random Variables is Stochastically Larger than the Other" (Annals of Mathematical
  Statistics 18, 1947): by ranks, with the normal approximation and the correction for ties. No outlier weighs more than any other value.
- Welch's t, as dudect uses it for code that is to take constant time: Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?"
  (2016, https://eprint.iacr.org/2016/1123), with its threshold for |t| and, as there, without what lies above a percentile: what is slow
  is slow because of something else on the machine.
"""

import math
from collections import namedtuple

# dudect: above it "probably not constant time".
MAX_T = 4.5
# Of all comparisons of a flow together (Holm).
ALPHA = 0.01
# What is kept of both samples together, by one bound for both.
KEPT = 0.95

Comparison = namedtuple("Comparison", ["p", "t", "greater", "median_difference"])


def mann_whitney(a, b):
    """The two-sided p, and the probability that one of `b` is greater than one of `a` (ties count half)."""
    ranked = sorted([(value, 0) for value in a] + [(value, 1) for value in b])
    total = len(ranked)
    rank_sum_b = 0.0
    ties = 0
    start = 0
    while start < total:
        end = start
        while end < total and ranked[end][0] == ranked[start][0]:
            end += 1
        rank = (start + 1 + end) / 2
        rank_sum_b += rank * sum(which for _, which in ranked[start:end])
        ties += (end - start) ** 3 - (end - start)
        start = end
    pairs = len(a) * len(b)
    u = rank_sum_b - len(b) * (len(b) + 1) / 2
    variance = pairs / 12 * (total + 1 - ties / (total * (total - 1)))
    if variance == 0:
        return 1.0, 0.5
    # Half a pair nearer to the middle: U is a whole number, the normal distribution is not.
    z = max(abs(u - pairs / 2) - 0.5, 0) / math.sqrt(variance)
    return math.erfc(z / math.sqrt(2)), u / pairs


def welch_t(a, b):
    """How many standard errors the mean of `b` lies above that of `a`."""

    def moments(values):
        mean = math.fsum(values) / len(values)
        return mean, math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values)

    mean_a, error_a = moments(a)
    mean_b, error_b = moments(b)
    if error_a + error_b == 0:
        return 0.0 if mean_a == mean_b else math.copysign(math.inf, mean_b - mean_a)
    return (mean_b - mean_a) / math.sqrt(error_a + error_b)


def cropped(a, b, kept=KEPT):
    """Both without what lies above a percentile of them together."""
    values = sorted(a + b)
    bound = values[min(int(kept * len(values)), len(values) - 1)]
    return [value for value in a if value <= bound], [value for value in b if value <= bound]


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def compare(a, b):
    p, greater = mann_whitney(a, b)
    return Comparison(p, welch_t(*cropped(a, b)), greater, median(b) - median(a))


def told(comparisons, alpha=ALPHA):
    """Which of them tell their samples apart. Holm's correction: of ten comparisons one in ten would have a p below a tenth by chance."""
    order = sorted(range(len(comparisons)), key=lambda i: comparisons[i].p)
    by_rank = set()
    for place, i in enumerate(order):
        if comparisons[i].p >= alpha / (len(order) - place):
            break
        by_rank.add(i)
    return [i in by_rank or abs(comparison.t) > MAX_T for i, comparison in enumerate(comparisons)]


def smallest_told(a, steps=24):
    """The least that would have to be added to half of `a` for the other half to be told from it: what these tests are able to see.

    Halves of one sample, so that what is there to be found is the shift alone.
    """
    half, other = a[::2], a[1::2]
    low, high = 0.0, max(a) - min(a) + 1.0
    for _ in range(steps):
        middle = (low + high) / 2
        if told([compare(half, [value + middle for value in other])])[0]:
            high = middle
        else:
            low = middle
    return high
