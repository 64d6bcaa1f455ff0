import types
import unittest

from tests.bench import bloat_verdict


def sample(**bytes_):
    return types.SimpleNamespace(bytes=bytes_, dead={name: 0 for name in bytes_})


class BloatVerdictTest(unittest.TestCase):
    def test_a_table_is_measured_against_what_it_would_have_become(self):
        samples = (
            sample(event=1000, session=1000, still=5),
            sample(event=2000, session=1000, still=5),
            sample(event=3100, session=2100, still=5),
            sample(event=4000, session=2100, still=5),
        )
        text, bloated = bloat_verdict.table(samples, 1000)
        self.assertEqual(bloated, ["session"])
        self.assertIn("1.03", text)
        self.assertNotIn("still", text)
        self.assertEqual(bloat_verdict.table(samples, 2200)[1], [])

    def test_small_tables_are_judged_by_what_they_cost(self):
        self.assertEqual(bloat_verdict.problems([], 4.0, 8.0), [])
        self.assertIn("8.1 ms instead of 4.0 ms", bloat_verdict.problems([], 4.0, 8.1)[0])
        self.assertEqual(len(bloat_verdict.problems(["session"], 4.0, 80.0)), 2)

    def test_what_is_not_known_is_not_well(self):
        self.assertEqual(len(bloat_verdict.problems([], None, 4.0)), 1)
        self.assertEqual(len(bloat_verdict.problems([], 4.0, None)), 1)
