import unittest

from tools.bazel import event_types_header


class TypesHeaderTest(unittest.TestCase):
    def test_has_the_types_by_name(self):
        header = event_types_header.types_header(
            [
                ("user.made", 'One was "made".', "the caller", "the user"),
                ("session.ended", "One ended.", "system", "none"),
            ]
        )
        ended = '{"session.ended", "One ended. Actor: system. Target: none."},'
        made = '{"user.made", "One was \\"made\\". Actor: the caller. Target: the user."},'
        self.assertIn(ended, header)
        self.assertIn(made, header)
        self.assertLess(header.index(ended), header.index(made))
