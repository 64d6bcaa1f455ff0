import pathlib
import tempfile
import unittest

from tools.bazel import migrations_header


class MigrationsHeaderTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, **files):
        for name, text in files.items():
            stem, direction = name[1:].rsplit("__", 1)
            (self.folder / f"{stem}.{direction}.sql").write_text(text, newline="")
        return sorted(self.folder.iterdir())

    def assertRefused(self, expected, **files):
        with self.assertRaisesRegex(migrations_header.BadMigrations, expected):
            migrations_header.migrations(self.write(**files))

    def test_good_files_in_order(self):
        files = self.write(
            m0002_add_b__up="b;", m0002_add_b__down="-b;", m0001_add_a__up="a;", m0001_add_a__down="-a;"
        )
        self.assertEqual(
            migrations_header.migrations(files), [(1, "add_a", "a;", "-a;"), (2, "add_b", "b;", "-b;")]
        )

    def test_header_holds_checksum_of_up(self):
        text = migrations_header.header_text("x/y.h", [(1, "add_a", "a", "b")])
        self.assertIn("ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", text)
        self.assertIn("#ifndef GATEHOUSE_X_Y_H_", text)

    def test_gap(self):
        self.assertRefused("without gaps", m0001_add_a__up="a", m0001_add_a__down="a", m0003_add_c__up="c")

    def test_not_from_one(self):
        self.assertRefused("without gaps", m0002_add_a__up="a", m0002_add_a__down="a")

    def test_number_used_twice(self):
        self.assertRefused("used twice", m0001_add_a__up="a", m0001_add_a__down="a", m0001_add_b__up="c")

    def test_wrong_name(self):
        self.assertRefused("must be named", m0001_Add_a__up="a")

    def test_name_of_one_word(self):
        self.assertRefused("must be named", m0001_add__up="a")

    def test_up_without_down(self):
        self.assertRefused(r"has no \.down", m0001_add_a__up="a")

    def test_up_and_down_of_other_names(self):
        self.assertRefused("down is named", m0001_add_a__up="a", m0001_drop_a__down="a")

    def test_empty(self):
        self.assertRefused("empty", m0001_add_a__up=" \n", m0001_add_a__down="a")

    def test_carriage_return(self):
        self.assertRefused("carriage return", m0001_add_a__up="a\r\n", m0001_add_a__down="a")

    def test_own_transaction(self):
        self.assertRefused("owns the transaction", m0001_add_a__up="a;\nCOMMIT;", m0001_add_a__down="a")

    def test_function_body_is_no_transaction(self):
        body = "create function f() returns void language plpgsql as $$\nBEGIN\n NULL;\nEND\n$$;"
        self.assertEqual(len(migrations_header.migrations(self.write(m0001_add_f__up=body, m0001_add_f__down="x"))), 1)

    def test_concurrently_needs_marker(self):
        self.assertRefused(
            "needs the line", m0001_add_a__up="create index CONCURRENTLY i on t (c);", m0001_add_a__down="a"
        )

    def test_concurrently_with_marker(self):
        up = "-- Why.\n-- gatehouse: no-transaction\ncreate index concurrently i on t (c);"
        self.assertEqual(len(migrations_header.migrations(self.write(m0001_add_a__up=up, m0001_add_a__down="x"))), 1)

    def test_marker_below_a_statement(self):
        self.assertRefused(
            "above the first", m0001_add_a__up="a;\n-- gatehouse: no-transaction\n", m0001_add_a__down="a"
        )


if __name__ == "__main__":
    unittest.main()
