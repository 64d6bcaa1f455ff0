import unittest

from tools.mutation.statements import Statements, name_of

FILES = {
    "storage/event_log/queries/insert.sql": "INSERT INTO log VALUES ($1)\n",
    "storage/user/queries/get.sql": "-- Many at a time: uuid\nSELECT 1\n-- include columns.sql.part\nWHERE a = $1\n\n-- For example: 1\n",
    "storage/user/queries/columns.sql.part": "-- columns\n",
    "storage/user/queries/add.sql": "WITH x AS (\n-- include event_log/insert.sql, whose $1 is $3\n)\n-- include made.sql.part\n",
    "storage/role/queries/made.sql.part": "-- made\n",
    "migrations/0001_a.up.sql": "CREATE TABLE t ()\n",
}


class StatementsTest(unittest.TestCase):
    def setUp(self):
        self.statements = Statements(FILES)

    def test_a_statement_in_both_its_forms(self):
        found = self.statements.with_fault("storage/user/queries/get.sql", FILES["storage/user/queries/get.sql"].replace("=", "<>"))
        self.assertEqual(found["user/get"], "SELECT 1\n-- columns\nWHERE a <> $1")
        self.assertIn("WHERE a <> many.p1", found["user/get/many"])
        self.assertEqual(len(found), 2)

    def test_a_statement_that_others_include(self):
        found = self.statements.with_fault("storage/event_log/queries/insert.sql", "INSERT INTO log VALUES ($1, 2)")
        self.assertEqual(
            found,
            {
                "event_log/insert": "INSERT INTO log VALUES ($1, 2)",
                "user/add": "WITH x AS (\nINSERT INTO log VALUES ($3, 2)\n)\n-- made",
            },
        )

    def test_a_part(self):
        self.assertEqual(list(self.statements.with_fault("storage/role/queries/made.sql.part", "")), ["user/add"])
        self.assertIn("\nother\n", self.statements.with_fault("storage/user/queries/columns.sql.part", "other")["user/get"])

    def test_other_files_are_no_statements(self):
        self.assertIsNone(name_of("migrations/0001_a.up.sql"))
        self.assertEqual(self.statements.with_fault("migrations/0001_a.up.sql", "x"), {})


if __name__ == "__main__":
    unittest.main()
