import unittest

from tools import event_types


def parse(*lines):
    return list(event_types.parse("\n".join(lines)))


class EventTypesTest(unittest.TestCase):
    def test_splits_when_actor_and_target(self):
        rows = parse(
            "// About the whole list.",
            "",
            "// A user was made; `role` says",
            "// what of. Actor: the caller. Target: the user.",
            'inline constexpr std::string_view kUserMade = "user.made";',
            "// One ended. Actor: system. Target: none.",
            "inline constexpr std::string_view kLong =",
            '    "session.ended_by_the_server";',
        )
        self.assertEqual(
            rows,
            [
                ("user.made", "A user was made; `role` says what of.", "the caller", "the user"),
                ("session.ended_by_the_server", "One ended.", "system", "none"),
            ],
        )

    def test_takes_no_other_constant_for_a_type(self):
        self.assertEqual(parse("inline constexpr std::array<std::string_view, 1> kPrefixes = {", '    "user."};'), [])

    def test_finds_the_types_that_callers_could_use(self):
        header = "\n".join(
            [
                "// One. Actor: a. Target: b.",
                'inline constexpr std::string_view kOne = "user.made";',
                "// Two. Actor: a. Target: b.",
                'inline constexpr std::string_view kTwo = "users.made";',
                "inline constexpr std::array<std::string_view, 2> kReservedPrefixes = {",
                '    "user.", "role."};',
            ]
        )
        self.assertEqual(event_types.unreserved(header), ["users.made"])

    def test_rejects_a_type_without_actor_or_target(self):
        for comment in ("", "// A user was made.", "// A user was made. Actor: the caller."):
            with self.subTest(comment), self.assertRaises(SystemExit):
                parse(
                    "// One. Actor: a. Target: b.",
                    'inline constexpr std::string_view kOne = "one.one";',
                    comment,
                    'inline constexpr std::string_view kTwo = "two.two";',
                )
