#include "auth/token/access_token.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/manual_clock.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Json = nlohmann::ordered_json;

const std::string kMaster(32, 'm');
const base::Time kStart = base::TimeFromMicros(1'700'000'000'000'000);

AccessClaims TestClaims() {
  return {.tenant_id = base::kDefaultTenantId,
          .user_id = *base::Uuid::Parse("01890000-0000-7000-8000-000000000001"),
          .session_id = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002"),
          .user_epoch = 3,
          .roles = {"analyst"},
          .amr = {"pwd"},
          .auth_time = kStart - minutes(1)};
}

class AccessTokenTest : public ::testing::TestWithParam<SigningAlgorithm> {
 protected:
  AccessTokenTest()
      : row_(SigningKey::Generate(GetParam(), base::kDefaultTenantId, kStart, kStart, kMaster)) {
    EXPECT_TRUE(keyring_.Load(std::vector{row_}).ok());
    key_ = keyring_.Current(base::kDefaultTenantId, kStart);
  }

  std::string Sign() {
    const auto made = codec_.Sign(TestClaims());
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->token : "";
  }
  // Why the token is refused; "" if it is not.
  std::string Refusal(const std::string& token) const {
    const auto claims = codec_.Verify(token);
    if (claims.ok()) return "";
    EXPECT_EQ(claims.status().code(), absl::StatusCode::kUnauthenticated);
    return std::string(claims.status().message());
  }
  // A token with the real key's signature over whatever claims are given.
  std::string SignRaw(const std::string& payload) const {
    return SignParts(key_->token_header(), base::Base64UrlEncode(payload));
  }
  std::string SignParts(const std::string& header, const std::string& payload) const {
    const std::string input = header + "." + payload;
    return input + "." + base::Base64UrlEncode(key_->Sign(input));
  }
  Json Payload() {
    const std::string token = Sign();
    const size_t dot = token.find('.');
    return Json::parse(*base::Base64UrlDecode(token.substr(dot + 1, token.rfind('.') - dot - 1)));
  }

  base::ManualClock clock_{kStart};
  SigningKeyRow row_;
  Keyring keyring_{kMaster, {}};
  std::shared_ptr<const SigningKey> key_;
  AccessTokenCodec codec_{
      keyring_, clock_, {.issuer = "https://gatehouse.test", .audience = "product"}};
};

TEST_P(AccessTokenTest, VerifiesWhatItSigned) {
  clock_.Advance(milliseconds(1500));
  const auto made = codec_.Sign(TestClaims());
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_LT(made->token.size(), 1000u);
  const auto claims = codec_.Verify(made->token);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->tenant_id, TestClaims().tenant_id);
  EXPECT_EQ(claims->user_id, TestClaims().user_id);
  EXPECT_EQ(claims->session_id, TestClaims().session_id);
  EXPECT_EQ(claims->user_epoch, 3);
  EXPECT_EQ(claims->roles, TestClaims().roles);
  EXPECT_EQ(claims->amr, TestClaims().amr);
  EXPECT_EQ(claims->auth_time, TestClaims().auth_time);
  EXPECT_EQ(claims->issued_at, kStart + seconds(1));
  EXPECT_EQ(claims->expires_at, kStart + seconds(301));
  EXPECT_EQ(made->expires_at, claims->expires_at);
  EXPECT_FALSE(claims->token_id.is_nil());
}

TEST_P(AccessTokenTest, HeaderAndClaimsAreThoseOfRfc9068) {
  const std::string token = Sign();
  const Json header = Json::parse(*base::Base64UrlDecode(token.substr(0, token.find('.'))));
  EXPECT_EQ(header["typ"], "at+jwt");
  EXPECT_EQ(header["kid"], row_.key_id);
  EXPECT_EQ(header["alg"], row_.algorithm);
  const Json payload = Payload();
  for (const char* name : {"iss", "aud", "sub", "tid", "sid", "uep", "roles", "amr", "auth_time",
                           "jti", "iat", "exp"}) {
    EXPECT_TRUE(payload.contains(name)) << name;
  }
  EXPECT_NE(Payload()["jti"], Payload()["jti"]);
}

TEST_P(AccessTokenTest, NeverOutlivesItsSession) {
  const auto made = codec_.Sign(TestClaims(), kStart + seconds(42));
  EXPECT_EQ(made->expires_at, kStart + seconds(42));
  EXPECT_EQ(codec_.Verify(made->token)->expires_at, kStart + seconds(42));
}

TEST_P(AccessTokenTest, EndsWhenItSaysAndIsGoodUntilThen) {
  const std::string token = Sign();
  clock_.Set(kStart + minutes(5) - milliseconds(1));
  EXPECT_EQ(Refusal(token), "");
  clock_.Set(kStart + minutes(5));
  EXPECT_EQ(Refusal(token), "the token has expired");
}

TEST_P(AccessTokenTest, ClocksMayDifferALittle) {
  const std::string token = Sign();
  clock_.Set(kStart - seconds(30));
  EXPECT_EQ(Refusal(token), "");
  clock_.Set(kStart - seconds(31));
  EXPECT_EQ(Refusal(token), "the token is not valid yet");
}

TEST_P(AccessTokenTest, EveryFlippedBitIsRefused) {
  const std::string token = Sign();
  for (size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = static_cast<char>(forged[i] ^ 1 << i % 8);
    EXPECT_NE(Refusal(forged), "") << i;
  }
}

TEST_P(AccessTokenTest, EveryTruncationIsRefused) {
  const std::string token = Sign();
  for (size_t size = 0; size < token.size(); ++size) {
    EXPECT_NE(Refusal(token.substr(0, size)), "") << size;
    EXPECT_NE(Refusal(token.substr(token.size() - size)), "") << size;
  }
}

TEST_P(AccessTokenTest, OneTokenHasOneText) {
  const std::string token = Sign();
  EXPECT_NE(Refusal(token + "="), "");
  EXPECT_NE(Refusal(token + "\n"), "");
  EXPECT_NE(Refusal(" " + token), "");
  EXPECT_NE(Refusal(token + "."), "");
  EXPECT_NE(Refusal("." + token), "");
  EXPECT_NE(Refusal("..."), "");
  EXPECT_NE(Refusal(".."), "");
  // The last character of 64 bytes carries 4 bits that must be zero.
  std::string loose = token;
  loose.back() = loose.back() == 'A' ? 'B' : static_cast<char>(loose.back() + 1);
  EXPECT_NE(Refusal(loose), "");
}

TEST_P(AccessTokenTest, HeadersOfTheAttackersChoosingAreRefused) {
  const std::string token = Sign();
  const std::string payload =
      token.substr(token.find('.') + 1, token.rfind('.') - token.find('.') - 1);
  const std::string kid = row_.key_id;
  const std::string alg = row_.algorithm;
  const std::string other = alg == "ES256" ? "EdDSA" : "ES256";
  const std::vector<Json> headers = {
      {{"alg", "none"}, {"kid", kid}, {"typ", "at+jwt"}},
      {{"alg", "None"}, {"kid", kid}, {"typ", "at+jwt"}},
      {{"alg", ""}, {"kid", kid}, {"typ", "at+jwt"}},
      {{"kid", kid}, {"typ", "at+jwt"}},
      {{"alg", other}, {"kid", kid}, {"typ", "at+jwt"}},
      {{"alg", "HS256"}, {"kid", kid}, {"typ", "at+jwt"}},
      {{"alg", alg}, {"kid", "unknown"}, {"typ", "at+jwt"}},
      {{"alg", alg}, {"kid", "../../../../dev/null"}, {"typ", "at+jwt"}},
      {{"alg", alg}, {"kid", "' OR 1=1 --"}, {"typ", "at+jwt"}},
      {{"alg", alg}, {"kid", kid + std::string(1, '\0')}, {"typ", "at+jwt"}},
      {{"alg", alg}, {"typ", "at+jwt"}},
      {{"alg", alg}, {"kid", kid}, {"typ", "JWT"}},
      {{"alg", alg}, {"kid", kid}},
      {{"alg", alg}, {"kid", kid}, {"typ", "at+jwt"}, {"crit", {"exp"}}},
      {{"alg", alg}, {"kid", kid}, {"typ", "at+jwt"}, {"jwk", Json::parse(key_->jwk_json())}},
      {{"alg", alg}, {"kid", kid}, {"typ", "at+jwt"}, {"jku", "https://evil.test/jwks"}},
      {{"alg", alg}, {"kid", kid}, {"typ", "at+jwt"}, {"x5u", "https://evil.test/cert"}},
      {{"alg", alg}, {"kid", kid}, {"typ", "at+jwt"}, {"x5c", {"MIIB"}}},
      {{"alg", alg}, {"kid", kid}, {"typ", "at+jwt"}, {"b64", false}},
  };
  for (const Json& header : headers) {
    const std::string encoded = base::Base64UrlEncode(header.dump());
    // With the server's own signature, so that nothing else refuses it.
    EXPECT_EQ(Refusal(SignParts(encoded, payload)), "the token's header is not that of any key")
        << header;
    EXPECT_NE(Refusal(encoded + "." + payload + "."), "") << header;
    EXPECT_NE(Refusal(encoded + "." + payload), "") << header;
  }
  const std::string twice =
      R"({"alg":"none","alg":")" + alg + R"(","kid":")" + kid + R"(","typ":"at+jwt"})";
  EXPECT_NE(Refusal(SignParts(base::Base64UrlEncode(twice), payload)), "");
}

// Good ones, of keys that everybody has: an HMAC, no signature at all, and signatures by algorithms
// that we take.
TEST_P(AccessTokenTest, TheTokensOfTheSpecificationsAreNotOurs) {
  const std::string claims =
      ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290"
      "Ijp0cnVlfQ.";
  for (const std::string& token : {
           // RFC 7519, section 3.1.
           "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9" + claims +
               "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
           // RFC 7519, section 6.1.
           "eyJhbGciOiJub25lIn0" + claims,
           // RFC 7515, appendices A.2 and A.3.
           "eyJhbGciOiJSUzI1NiJ9" + claims +
               "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5Y"
               "Kt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6x"
               "BArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6"
               "BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_I"
               "oypGlUPQGe77Rw",
           "eyJhbGciOiJFUzI1NiJ9" + claims +
               "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqP"
               "P3-Kg6NU1Q",
       }) {
    EXPECT_EQ(Refusal(token), "the token's header is not that of any key") << token;
  }
}

// The public key, which everybody has, as the secret of an HMAC.
TEST_P(AccessTokenTest, AlgorithmConfusionIsRefused) {
  const std::string payload = base::Base64UrlEncode(Payload().dump());
  const std::string header = base::Base64UrlEncode(
      Json({{"alg", "HS256"}, {"kid", row_.key_id}, {"typ", "at+jwt"}}).dump());
  for (const std::string& first : {header, key_->token_header()}) {
    for (const std::string& secret : {row_.public_key, key_->jwk_json()}) {
      const std::string input = first + "." + payload;
      const std::string mac = base::HmacSha256(secret, input);
      EXPECT_NE(Refusal(input + "." + base::Base64UrlEncode(mac)), "");
      EXPECT_NE(Refusal(input + "." + base::Base64UrlEncode(mac + mac)), "");
    }
  }
}

TEST_P(AccessTokenTest, ClaimsMustBeThereAndOfTheirType) {
  const Json good = Payload();
  EXPECT_EQ(Refusal(SignRaw(good.dump())), "");
  for (const auto& [name, value] : good.items()) {
    Json without = good;
    without.erase(name);
    EXPECT_EQ(Refusal(SignRaw(without.dump())), "a claim is missing or of the wrong type") << name;
    for (const Json& wrong : {Json(nullptr), Json(1.5), Json(-1), Json("x"), Json::object(),
                              Json::array({1}), Json(true)}) {
      Json other = good;
      other[name] = wrong;
      EXPECT_NE(Refusal(SignRaw(other.dump())), "") << name << " " << wrong;
    }
  }
}

TEST_P(AccessTokenTest, ClaimsOfOthersAreRefused) {
  const Json good = Payload();
  const auto with = [&](const char* name, const Json& value) {
    Json json = good;
    json[name] = value;
    return Refusal(SignRaw(json.dump()));
  };
  EXPECT_EQ(with("iss", "https://other.test"), "another issuer");
  for (const char* audience : {"another product", "product2", "produc", "product.", "Product"}) {
    EXPECT_EQ(with("aud", audience), "another audience") << audience;
  }
  EXPECT_EQ(with("iss", "https://gatehouse.test/"), "another issuer");
  EXPECT_EQ(with("tid", "01890000-0000-7000-8000-000000000009"), "the key is of another tenant");
  EXPECT_EQ(with("nbf", 1'700'000'031), "the token is not valid yet");
  EXPECT_EQ(with("nbf", 1'700'000'030), "");
  EXPECT_EQ(with("exp", uint64_t{1} << 62), "a claim is missing or of the wrong type");
  EXPECT_EQ(with("more", "is allowed"), "");
}

TEST_P(AccessTokenTest, EachTenantHasAnIssuerOfItsOwn) {
  AccessClaims claims = TestClaims();
  claims.tenant_id = *base::Uuid::Parse("01890000-0000-7000-8000-000000000003");
  row_ = SigningKey::Generate(GetParam(), claims.tenant_id, kStart, kStart, kMaster);
  ASSERT_TRUE(keyring_.Load(std::vector{row_}).ok());
  key_ = keyring_.Current(claims.tenant_id, kStart);
  const std::string token = codec_.Sign(claims)->token;
  const auto verified = codec_.Verify(token);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->issuer, "https://gatehouse.test/t/01890000-0000-7000-8000-000000000003");
  const size_t dot = token.find('.');
  Json payload =
      Json::parse(*base::Base64UrlDecode(token.substr(dot + 1, token.rfind('.') - dot - 1)));
  for (const char* other : {"https://gatehouse.test",
                            "https://gatehouse.test/t/01890000-0000-7000-8000-000000000004"}) {
    payload["iss"] = other;
    EXPECT_EQ(Refusal(SignRaw(payload.dump())), "another issuer") << other;
  }
}

TEST_P(AccessTokenTest, AmbiguousJsonIsRefused) {
  std::string twice = Payload().dump();
  twice.insert(1, R"("sub":"01890000-0000-7000-8000-000000000009",)");
  EXPECT_EQ(Refusal(SignRaw(twice)), "the claims are not a JSON object");
  for (const char* text : {"", "null", "[]", "1", "{", "{}x", "\xff", R"({"sub":"\ud800"})",
                           R"({"a":{"b":1,"b":2}})"}) {
    EXPECT_EQ(Refusal(SignRaw(text)), "the claims are not a JSON object") << text;
  }
  EXPECT_NE(Refusal(SignRaw(std::string(2000, '['))), "");
}

TEST_P(AccessTokenTest, LongTokensAreRefusedUnread) {
  EXPECT_EQ(Refusal(std::string(kMaxAccessTokenBytes + 1, 'a')), "the token is too long");
  EXPECT_NE(Refusal(std::string(kMaxAccessTokenBytes, 'a')), "the token is too long");
}

TEST_P(AccessTokenTest, TokensOfAnotherKeyOrServerAreRefused) {
  Keyring other(kMaster, {});
  ASSERT_TRUE(other
                  .Load(std::vector{SigningKey::Generate(GetParam(), base::kDefaultTenantId, kStart,
                                                         kStart, kMaster)})
                  .ok());
  const AccessTokenCodec codec(other, clock_, codec_.options());
  EXPECT_NE(Refusal(codec.Sign(TestClaims())->token), "");
}

TEST_P(AccessTokenTest, SurvivesRotation) {
  const std::string token = Sign();
  row_.retired_at = kStart + minutes(1);
  ASSERT_TRUE(
      keyring_
          .Load(std::vector{row_, SigningKey::Generate(GetParam(), base::kDefaultTenantId, kStart,
                                                       kStart + minutes(1), kMaster)})
          .ok());
  clock_.Set(kStart + minutes(4));
  EXPECT_EQ(Refusal(token), "");
  const std::string next = Sign();
  EXPECT_EQ(Refusal(next), "");
  EXPECT_NE(next.substr(0, next.find('.')), token.substr(0, token.find('.')));
}

TEST_P(AccessTokenTest, WithoutAKeyNothingIsSigned) {
  AccessClaims claims = TestClaims();
  claims.tenant_id = base::Uuid::MakeV7(kStart);
  EXPECT_EQ(codec_.Sign(claims).status().code(), absl::StatusCode::kInternal);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, AccessTokenTest,
                         ::testing::Values(SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa,
                                           SigningAlgorithm::kRs256));

}  // namespace
}  // namespace gatehouse::auth
