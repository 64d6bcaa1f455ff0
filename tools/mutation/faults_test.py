import unittest

from tools.mutation.faults import faults_of, switched


def whats(path, text):
    return [fault.what for fault in faults_of(path, text)]


class FaultsTest(unittest.TestCase):
    def test_comparisons_conditions_and_guards_of_cpp(self):
        text = "int f() {\n  if (a < b && !c) return 1;\n  // if (x < y) return 2;\n  return true;\n}\n"
        self.assertEqual(
            whats("a.cc", text),
            [
                "< -> <=",
                "! -> nothing",
                "&& without its left side",
                "&& without its right side",
                "dropped: if (a < b && !c) return 1;",
                "true -> false",
            ],
        )

    def test_conditions_at_the_end_of_a_line(self):
        self.assertEqual(whats("a.cc", "  x = a ||"), ["|| without its left side", "|| without its right side"])

    def test_no_conditions_beside_bitwise_operators(self):
        self.assertEqual(whats("a.cc", "  x = a && b & c;"), [])

    def test_guards_with_a_block_and_checks_of_a_status(self):
        text = "  if (a) {\n  GH_CO_RETURN_IF_ERROR(b);\n  } else if (c) {\n"
        self.assertEqual(whats("a.cc", text), ["dropped: if (a) {", "dropped: GH_CO_RETURN_IF_ERROR(b);"])

    def test_arguments_change_places(self):
        self.assertEqual(whats("a.cc", "  f(a, b, c); g(a, b); h(a, a); i(a, true);"), ["true -> false", "(a, b) -> (b, a)"])

    def test_templates_strings_and_includes_stay(self):
        text = '#include "a < b"\nstd::vector<int> v;\nLog("a < b && c");\nstd::map<K, V> m;  // a < b\n'
        self.assertEqual(whats("a.cc", text), [])

    def test_conditions_of_sql(self):
        text = "-- a < b\nSELECT x FROM t\nWHERE a = $1 AND b < $2\nORDER BY a DESC\n"
        self.assertEqual(
            whats("a.sql", text),
            ["< -> <=", "= -> <>", "AND -> OR", "WHERE a = $1 AND -> WHERE", "AND b < $2 -> nothing", "DESC -> ASC"],
        )

    def test_assignments_of_sql_are_no_comparisons(self):
        text = "UPDATE t SET a = $1,\n  b = CASE WHEN c = $2 THEN 1 END\nWHERE d = $3\n"
        self.assertEqual(
            [(fault.line, fault.what) for fault in faults_of("a.sql", text)],
            [(2, "= -> <>"), (3, "= -> <>")],
        )

    def test_each_text_of_sql_holds_one_fault(self):
        self.assertEqual(
            [fault.text for fault in faults_of("a.sql", "SELECT 1\nWHERE a < b + 1\n")],
            ["SELECT 1\nWHERE a <= b + 1\n", "SELECT 1\nWHERE a < b + 2\n"],
        )

    def test_other_files_have_none(self):
        self.assertEqual(whats("a.md", "a < b"), [])


class SwitchedTest(unittest.TestCase):
    def test_puts_in_all_that_are_given(self):
        text = "  if (a < b && c) return 1;\n  f(x, y);\n"
        numbered = list(enumerate(faults_of("a.cc", text), 10))
        whole = switched("a.cc", text, numbered, "HEADER").replace("::gatehouse::tools::", "")
        self.assertEqual(
            whole,
            '#line 1 "tools/mutation/faults.h"\nHEADER\n#line 1 "a.cc"\n'
            "  if (On(13)) {} else if (a < Less(10) > b | AndLeft(11) && AndRight(12) | c) return 1;\n"
            "  f(First(14, x, y), Second(14, x, y));\n",
        )

    def test_leaves_out_the_rest(self):
        text = "  x = a + 1 - !b;\n"
        numbered = list(enumerate(faults_of("a.cc", text)))
        whole = switched("a.cc", text, numbered[:1], "").replace("::gatehouse::tools::", "")
        self.assertEqual(whole.splitlines()[-1], "  x = a + One(0) - !b;")


if __name__ == "__main__":
    unittest.main()
