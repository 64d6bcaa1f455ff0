import unittest

from tests.fault.attack.judgement import Calls, Judgement, Round


def rounds(idle, under, calls=100, failed=0):
    """One for each pair of p99s: all calls of a round take as long."""
    return [Round(Calls([first] * calls, 0), Calls([second] * calls, failed)) for first, second in zip(idle, under)]


def unmet(taken, peak_mib=100, log_lines=0, seconds=10):
    return Judgement(taken).unmet(peak_mib, log_lines, seconds)


class JudgementTest(unittest.TestCase):
    def test_three_times_idle_holds_and_no_more(self):
        self.assertEqual(unmet(rounds([1, 1, 1], [3, 3, 3])), [])
        self.assertEqual(unmet(rounds([1, 1, 1], [3.1, 3.1, 3.1])), ["p99 within 3.00 ms"])

    def test_short_calls_are_judged_like_long_ones(self):
        self.assertEqual(unmet(rounds([0.5] * 3, [1.6] * 3)), ["p99 within 1.50 ms"])
        self.assertAlmostEqual(Judgement(rounds([0.5] * 3, [1.6] * 3)).ratio, 3.2)

    def test_what_differs_by_itself_is_allowed_for(self):
        self.assertEqual(unmet(rounds([1, 1, 1.5], [3.5] * 3)), [])
        self.assertEqual(unmet(rounds([1, 1, 1.5], [3.6] * 3)), ["p99 within 3.50 ms"])

    def test_a_machine_that_is_busy_excuses_no_more_than_once_idle(self):
        self.assertEqual(unmet(rounds([1, 1, 50], [4.1] * 3)), ["p99 within 4.00 ms"])

    def test_one_bad_round_of_three_decides_nothing(self):
        self.assertEqual(unmet(rounds([1, 1, 1], [1, 90, 1])), [])
        self.assertEqual(unmet(rounds([1, 1, 1], [1, 90, 90])), ["p99 within 3.00 ms"])
        self.assertEqual(Judgement(rounds([1, 1, 1], [1, 90, 1])).worst, 90)

    def test_as_many_calls_are_compared(self):
        late = [1.0] * 100 + [80.0] * 100
        self.assertEqual(Judgement([Round(Calls(late, 0), Calls([1.0] * 100, 0))]).idle_p99, 1)
        self.assertEqual(Judgement([Round(Calls([1.0] * 100, 0), Calls(late, 0))]).under_p99, 1)

    def test_calls_that_fail_memory_and_log_are_judged_too(self):
        taken = rounds([1, 1, 1], [1, 1, 1], failed=1)
        self.assertEqual(unmet(taken), ["every honest call is answered"])
        taken = rounds([1, 1, 1], [1, 1, 1])
        self.assertEqual(unmet(taken, peak_mib=257), ["at most 256 MiB"])
        self.assertEqual(unmet(taken, log_lines=2001), ["at most 2000 lines of log, and it were 2001"])

    def test_a_client_that_does_not_get_to_call_does_not_hold(self):
        self.assertIn("the honest client calls", unmet([Round(Calls([1.0], 0), Calls([], 0))]))


if __name__ == "__main__":
    unittest.main()
