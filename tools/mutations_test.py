import unittest

from tools.mutations import mutations_of


def whats(path, text):
    return [mutation.what for mutation in mutations_of(path, text)]


class MutationsTest(unittest.TestCase):
    def test_comparisons_and_guards_of_cpp(self):
        text = "int f() {\n  if (a < b && !c) return 1;\n  // if (x < y) return 2;\n  return true;\n}\n"
        self.assertEqual(
            whats("a.cc", text),
            ["< -> <=", "&& -> ||", "! -> nothing", "dropped: if (a < b && !c) return 1;", "true -> false"],
        )

    def test_each_holds_one_fault(self):
        text = "  x = a + 1;\n  y = g(b, c);\n"
        self.assertEqual(
            [mutation.text for mutation in mutations_of("a.cc", text)],
            ["  x = a;\n  y = g(b, c);\n", "  x = a + 1;\n  y = g(c, b);\n"],
        )

    def test_templates_strings_and_includes_stay(self):
        text = '#include "a < b"\nstd::vector<int> v;\nLog("a < b && c");\nstd::map<K, V> m;  // a < b\n'
        self.assertEqual(whats("a.cc", text), [])

    def test_conditions_of_sql(self):
        text = "-- a < b\nSELECT x FROM t\nWHERE a = $1 AND b < $2\nORDER BY a DESC\n"
        self.assertEqual(
            whats("a.sql", text),
            ["< -> <=", "= -> <>", "AND -> OR", "AND b < $2 -> nothing", "DESC -> ASC"],
        )

    def test_other_files_have_none(self):
        self.assertEqual(mutations_of("a.md", "a < b"), [])


if __name__ == "__main__":
    unittest.main()
