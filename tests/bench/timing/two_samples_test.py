import random
import unittest

from tests.bench.timing import two_samples


def normal(seed, number=2000, mean=1000.0, spread=100.0):
    source = random.Random(seed)
    return [source.gauss(mean, spread) for _ in range(number)]


class TwoSamplesTest(unittest.TestCase):
    def test_mann_whitney_is_that_of_the_books(self):
        # Mann and Whitney's statistic by hand: of the 25 pairs 16 have the greater one in b.
        a, b = [1, 3, 5, 7, 20], [2, 6, 8, 9, 10]
        p, greater = two_samples.mann_whitney(a, b)
        self.assertAlmostEqual(greater, sum(x < y for x in a for y in b) / 25)
        # z = (16 - 12.5 - 0.5) / sqrt(25 * 11 / 12)
        self.assertAlmostEqual(p, 0.53087, places=4)

    def test_ties_count_half_and_narrow_the_variance(self):
        p, greater = two_samples.mann_whitney([1, 1, 2], [1, 2, 2])
        self.assertAlmostEqual(greater, 6 / 9)
        # sqrt(9 / 12 * (7 - 48 / 30)); z = (6 - 4.5 - 0.5) / that
        self.assertAlmostEqual(p, 0.61926, places=4)
        self.assertEqual(two_samples.mann_whitney([1, 1], [1, 1]), (1.0, 0.5))

    def test_welch_is_that_of_the_books(self):
        # Means 2 and 5, variances 1 and 4, three each: 3 / sqrt(5 / 3).
        self.assertAlmostEqual(two_samples.welch_t([1, 2, 3], [3, 5, 7]), 2.32379, places=4)
        self.assertEqual(two_samples.welch_t([1, 1], [1, 1]), 0.0)

    def test_one_distribution_is_not_told(self):
        comparisons = [two_samples.compare(normal(seed), normal(100 + seed)) for seed in range(8)]
        self.assertEqual(two_samples.told(comparisons), [False] * 8)

    def test_a_shift_is_told(self):
        comparisons = [two_samples.compare(normal(1), normal(2)), two_samples.compare(normal(1), normal(3, mean=1020.0))]
        self.assertEqual(two_samples.told(comparisons), [False, True])

    def test_outliers_are_cut(self):
        calm = normal(1)
        # What is slow on a machine that does something else besides.
        noisy = normal(2)[:-20] + [1e9] * 20
        self.assertFalse(two_samples.told([two_samples.compare(calm, noisy)])[0])

    def test_holm_asks_more_of_many(self):
        one = two_samples.Comparison(p=0.005, t=0, greater=0.5, median_difference=0)
        none = two_samples.Comparison(p=0.5, t=0, greater=0.5, median_difference=0)
        self.assertEqual(two_samples.told([one]), [True])
        self.assertEqual(two_samples.told([one, none, none]), [False] * 3)
        self.assertEqual(two_samples.told([one._replace(p=0.5, t=-5), none]), [True, False])

    def test_says_what_it_could_have_seen(self):
        smallest = two_samples.smallest_told(normal(4, number=4000))
        # Standard error of the difference of two means of 2,000: 3.2. A p of 0.01 is 2.6 of them.
        self.assertGreater(smallest, 3)
        self.assertLess(smallest, 20)


if __name__ == "__main__":
    unittest.main()
