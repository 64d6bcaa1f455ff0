"""What named.py finds missing, and what it lets pass."""

import unittest

from tools.tidy import named

TREE = {"base/a.cc": "int a;", "base/a_test.cc": "TEST(ATest, Works)", "tests/b_test.py": "def test_works", "base/": ""}


def problems(line):
    return [what for _, what in named.check(line, TREE.get)]


class NamedTest(unittest.TestCase):
    def test_what_is_there_passes(self):
        self.assertEqual(problems("| x | y: `base/a.cc`, `base/` | `base/a_test.cc` `Works`; `tests/b_test.py` `test_works` |"), [])

    def test_files_that_are_missing(self):
        self.assertEqual(problems("| x | `base/c.cc` | `base/a_test.cc` `Works` |"), ["there is no base/c.cc"])

    def test_tests_that_are_missing(self):
        self.assertEqual(problems("| `base/a_test.cc` `Fails` |"), ["base/a_test.cc has no Fails"])
        self.assertEqual(problems("| `base/a_test.cc` `AFailure` |"), ["base/a_test.cc has no AFailure"])
        self.assertEqual(problems("| `base/a_test.cc` `Work` |"), ["base/a_test.cc has no Work"])
        self.assertEqual(problems("| `tests/b_test.py` `test_work` |"), ["tests/b_test.py has no test_work"])

    def test_other_words_are_no_names(self):
        self.assertEqual(problems("| `sslmode=verify-full` | `/metrics`, `base/a.cc` `Whatever` | `gatehouse serve` |"), [])


if __name__ == "__main__":
    unittest.main()
