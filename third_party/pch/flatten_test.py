import pathlib
import tempfile
import unittest

from third_party.pch import flatten


class FlattenTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def test_a_header_of_the_folders_stands_where_it_is_first_included(self):
        self.write("a.h", "#include <map>\nint a;\n")
        self.write("b.h", '#include "a.h"\nint b;\n')
        top = self.write("top.h", '#include "b.h"\n  # include "a.h"\nint top;\n')
        self.assertEqual(flatten.flatten(top, [self.folder], set()), ["#include <map>", "int a;", "int b;", "int top;"])

    def test_what_no_folder_has_is_left_to_the_compiler(self):
        top = self.write("top.h", '#include "absl/status/status.h"\n')
        self.assertEqual(flatten.flatten(top, [self.folder], set()), ['#include "absl/status/status.h"'])

    def test_headers_that_include_each_other_end(self):
        self.write("a.h", '#include "b.h"\nint a;\n')
        self.write("b.h", '#include "a.h"\nint b;\n')
        self.assertEqual(flatten.flatten_header("a.h", [self.folder], set()), ["int b;", "int a;"])
