import unittest

from tools import error_reasons


def parse(*lines):
    return list(error_reasons.parse("\n".join(["enum ErrorReason {", *lines, "}"])))


class ErrorReasonsTest(unittest.TestCase):
    def test_splits_name_code_and_meaning(self):
        rows = parse(
            "  ERROR_REASON_UNSPECIFIED = 0;",
            "  // NOT_FOUND: No such user:",
            "  // look again.",
            "  ERROR_REASON_USER_NOT_FOUND = 1;",
        )
        self.assertEqual(rows, [("USER_NOT_FOUND", 1, "NOT_FOUND", "No such user: look again.")])

    def test_rejects_a_reason_without_code(self):
        for comment in ("// No such user.", "// MISSING: No such user.", ""):
            with self.subTest(comment), self.assertRaises(SystemExit):
                parse("  // NOT_FOUND: One.", "  ONE = 1;", f"  {comment}", "  TWO = 2;")
