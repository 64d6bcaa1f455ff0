import unittest

from tools.bazel import sql_header


class ExpandTest(unittest.TestCase):
    def test_renumbers_the_parameters_of_what_it_includes(self):
        text = "WITH a AS (\n  -- include event_log/insert.sql, whose $1 is $6\n), b AS (SELECT $1)"
        includes = {"event_log/insert": "INSERT INTO t\nVALUES ($1, $2, $10::text)\n"}
        self.assertEqual(
            sql_header.expand(text, includes, {}),
            "WITH a AS (\n  INSERT INTO t\n  VALUES ($6, $7, $15::text)\n), b AS (SELECT $1)",
        )

    def test_puts_the_shared_part_in_its_place(self):
        self.assertEqual(
            sql_header.expand("SELECT\n  -- include columns.sql.part\nFROM t", {}, {"columns": "a, b,\nc\n"}),
            "SELECT\n  a, b,\n  c\nFROM t",
        )

    def test_names_a_part_that_is_not_there(self):
        with self.assertRaisesRegex(SystemExit, "columns.sql.part"):
            sql_header.expand("-- include columns.sql.part", {}, {"rows": "a"})

    def test_leaves_other_comments_alone(self):
        for text in ("-- include what you need\nSELECT $1", "SELECT 1 -- include a.sql, whose $1 is $2"):
            self.assertEqual(sql_header.expand(text, {}, {}), text)

    def test_names_what_is_not_there(self):
        with self.assertRaisesRegex(SystemExit, "event_log/insert.sql"):
            sql_header.expand("-- include event_log/insert.sql, whose $1 is $2", {}, {})
