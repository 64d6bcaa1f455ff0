import pathlib
import tempfile
import unittest

from tools.bazel import sql_header


class OnlyReadsTest(unittest.TestCase):
    def test_reads(self):
        for statement in (
            "SELECT updated, deleted_by FROM gatehouse.user_account -- UPDATE later",
            "SELECT gatehouse.require(count(*) = 1, 'UPDATE') FROM t",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "SELECT gatehouse.first_id_of(min(day)) FROM gatehouse.partition_days('event')",
        ):
            self.assertTrue(sql_header.only_reads(statement), statement)

    def test_changes(self):
        for statement in (
            "INSERT INTO t VALUES ($1)",
            "WITH a AS (UPDATE t SET x = 1 RETURNING x) SELECT * FROM a",
            "select 1 from t for update",
            "SELECT 1 FROM t FOR NO KEY UPDATE",
            "SELECT 1 FROM t FOR SHARE",
            "SELECT pg_advisory_xact_lock($1)",
            "SELECT pg_notify('a', '')",
            "SELECT gatehouse.create_daily_partition('t', $1)",
            "SELECT set_config('a', 'b', true)",
        ):
            self.assertFalse(sql_header.only_reads(statement), statement)


class ReadTest(unittest.TestCase):
    def read(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "get.sql"
            path.write_text(text, "utf-8")
            return sql_header.read(path)

    def test_leaves_out_what_is_for_tests(self):
        for end in (
            "-- For example: tenant(), $row\n-- For example: tenant(),\n--   'long'\n",
            "-- For example, after new_events(): 1\n",
            "-- For example, without parameters.\n",
            "-- Not measured: once a day.\n",
        ):
            self.assertEqual(self.read("-- Why.\nSELECT 1\n\n" + end), "-- Why.\nSELECT 1")

    def test_keeps_other_comments(self):
        text = "-- For example of a comment.\n--   Indented.\nSELECT 1 -- Not measured: here"
        self.assertEqual(self.read(text + "\n"), text)


class ManyTest(unittest.TestCase):
    def test_is_for_those_that_say_so(self):
        self.assertIsNone(sql_header.many("SELECT 1 FROM t WHERE a = $1"))

    def test_takes_arrays_and_numbers_the_calls(self):
        self.assertEqual(
            sql_header.many("-- Why.\n-- Many at a time: uuid, int8\nSELECT x -- $3\nFROM t\nWHERE a = $1 AND b = $2::int4;"),
            "SELECT many.n, one.*\nFROM unnest($1::uuid[], $2::int8[]) WITH ORDINALITY AS many(p1, p2, n),\n"
            "LATERAL (\nSELECT x\nFROM t\nWHERE a = many.p1 AND b = many.p2::int4\nOFFSET 0) AS one",
        )


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
