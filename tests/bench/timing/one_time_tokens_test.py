import unittest
import uuid

from tests.bench.timing import one_time_tokens


class OneTimeTokensTest(unittest.TestCase):
    def test_they_are_those_of_the_server(self):
        made = one_time_tokens.make(
            b"s" * 32,
            one_time_tokens.RESET,
            uuid.UUID("00000000-0000-7000-8000-000000000001"),
            uuid.UUID("01890000-0000-7000-8000-000000000002"),
            b"r" * 16,
        )
        # As in auth/token/one_time_token_test.cc.
        self.assertEqual(made, "gh_ot_AQEAAAAAAABwAIAAAAAAAAABAYkAAAAAcACAAAAAAAAAAnJycnJycnJycnJycnJycnL12UG00TOOeQQFOVdIlBE6")


if __name__ == "__main__":
    unittest.main()
