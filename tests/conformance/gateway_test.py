"""Apache as a gateway that verifies access tokens by our key set, as docs/verifying.md sets it up."""

import unittest

from tests.conformance.support.apache import Apache, HttpsIssuer

REFUSED = 401
# A token lives for five minutes.
AFTER_ITS_END_S = 400


class ApacheTest(unittest.TestCase):
    def check(self, algorithm):
        issuer = HttpsIssuer(self, algorithm)
        token = issuer.admin.token
        apache = Apache(self, issuer)
        self.assertEqual(apache.says(token), issuer.user_id)
        header, claims, signature = token.split(".")
        flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
        refused = {
            "tampered": f"{header}.{claims}.{flipped}",
            "nonsense": "nonsense",
            "another issuer": issuer.token(url="https://elsewhere.example"),
            "another audience": issuer.token("--auth-audience=elsewhere"),
        }
        for why, bad in refused.items():
            self.assertEqual(apache.says(bad), REFUSED, why)
        self.assertEqual(Apache(self, issuer, AFTER_ITS_END_S).says(token), REFUSED, "expired")
        # Keys that it has not seen yet are looked for.
        issuer.rotate_in_time()
        self.assertEqual(apache.says(issuer.token()), issuer.user_id)
        self.assertEqual(apache.says(token), issuer.user_id)

    def test_es256(self):
        self.check("ES256")

    def test_rs256(self):
        self.check("RS256")


if __name__ == "__main__":
    unittest.main()
