#include "auth/verifier/key_set.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <nlohmann/json.hpp>
#include <string>

#include "auth/signing_key/signing_key.h"
#include "auth/verifier/public_key.h"
#include "base/text/encoding.h"
#include "base/uuid.h"

namespace gatehouse::auth {
namespace {

using Json = nlohmann::json;

const std::string kMaster(32, 'm');
const base::Time kNow = base::TimeFromMicros(1'700'000'000'000'000);

std::shared_ptr<const SigningKey> MakeKey(SigningAlgorithm algorithm) {
  return *SigningKey::Load(
      SigningKey::Generate(algorithm, base::kDefaultTenantId, kNow, kNow, kMaster), kMaster);
}

std::string SetOf(const std::vector<std::string>& keys) {
  std::string json = R"({"keys":[)";
  for (const std::string& key : keys) json += (json.back() == '[' ? "" : ",") + key;
  return json + "]}";
}

class PublicKeyTest : public ::testing::TestWithParam<SigningAlgorithm> {};

TEST_P(PublicKeyTest, VerifiesWhatItsOtherHalfSigned) {
  const auto signing = MakeKey(GetParam());
  const auto key = PublicKey::FromJwk(signing->jwk_json());
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ((*key)->key_id(), signing->key_id());
  EXPECT_EQ((*key)->token_header(), signing->token_header());
  std::string signature = signing->Sign("message");
  EXPECT_TRUE((*key)->Verify("message", signature));
  EXPECT_FALSE((*key)->Verify("messages", signature));
  EXPECT_FALSE((*key)->Verify("message", signature.substr(1)));
  EXPECT_FALSE((*key)->Verify("message", signature + "0"));
  EXPECT_FALSE((*key)->Verify("message", ""));
  // r = s = 0, which once passed for ECDSA in some libraries.
  EXPECT_FALSE((*key)->Verify("message", std::string(64, '\0')));
  signature[10] ^= 1;
  EXPECT_FALSE((*key)->Verify("message", signature));
}

TEST_P(PublicKeyTest, RefusesWhatIsNoKey) {
  const Json good = Json::parse(MakeKey(GetParam())->jwk_json());
  const auto without = [&](const char* name) {
    Json jwk = good;
    jwk.erase(name);
    return PublicKey::FromJwk(jwk.dump()).ok();
  };
  for (const char* name : {"kty", "alg", "kid", "crv", "x"}) EXPECT_FALSE(without(name)) << name;
  Json jwk = good;
  // Another algorithm than that of the kind of key.
  jwk["alg"] = jwk["alg"] == "ES256" ? "EdDSA" : "ES256";
  EXPECT_FALSE(PublicKey::FromJwk(jwk.dump()).ok());
  jwk = good;
  jwk["alg"] = "HS256";
  EXPECT_FALSE(PublicKey::FromJwk(jwk.dump()).ok());
  jwk = good;
  jwk["x"] = base::Base64UrlEncode(std::string(31, '\x01'));
  EXPECT_FALSE(PublicKey::FromJwk(jwk.dump()).ok());
  for (const char* text : {"", "null", "[]", "{", "{\"keys\":[]}"}) {
    EXPECT_FALSE(PublicKey::FromJwk(text).ok()) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, PublicKeyTest,
                         ::testing::Values(SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa));

TEST(PublicKeyKindsTest, RefusesAPointThatIsNotOnTheCurve) {
  Json jwk = Json::parse(MakeKey(SigningAlgorithm::kEs256)->jwk_json());
  jwk["y"] = base::Base64UrlEncode(std::string(32, '\x01'));
  EXPECT_FALSE(PublicKey::FromJwk(jwk.dump()).ok());
}

std::string RsaJwk(EVP_PKEY* key) {
  const auto number = [key](const char* name) {
    BIGNUM* value = nullptr;
    EXPECT_EQ(EVP_PKEY_get_bn_param(key, name, &value), 1);
    std::string bytes(static_cast<size_t>(BN_num_bytes(value)), '\0');
    BN_bn2bin(value, reinterpret_cast<unsigned char*>(bytes.data()));
    BN_free(value);
    return base::Base64UrlEncode(bytes);
  };
  return Json({{"kty", "RSA"},
               {"alg", "RS256"},
               {"kid", "r"},
               {"n", number("n")},
               {"e", number("e")}})
      .dump();
}

TEST(PublicKeyKindsTest, VerifiesRs256ButNotWithShortKeys) {
  EVP_PKEY* pair = EVP_RSA_gen(2048);
  const auto key = PublicKey::FromJwk(RsaJwk(pair));
  ASSERT_TRUE(key.ok()) << key.status();
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::string signature(256, '\0');
  size_t size = signature.size();
  const std::string message = "message";
  ASSERT_EQ(EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, pair), 1);
  ASSERT_EQ(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                           reinterpret_cast<const unsigned char*>(message.data()), message.size()),
            1);
  EVP_MD_CTX_free(context);
  EXPECT_TRUE((*key)->Verify(message, signature));
  signature[0] ^= 1;
  EXPECT_FALSE((*key)->Verify(message, signature));
  EVP_PKEY_free(pair);

  EVP_PKEY* weak = EVP_RSA_gen(1024);
  EXPECT_FALSE(PublicKey::FromJwk(RsaJwk(weak)).ok());
  EVP_PKEY_free(weak);
}

TEST(KeySetTest, FindsKeysByTheWholeHeader) {
  const auto first = MakeKey(SigningAlgorithm::kEs256);
  const auto second = MakeKey(SigningAlgorithm::kEdDsa);
  const auto set = KeySet::Parse(SetOf({first->jwk_json(), second->jwk_json()}));
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_NE((*set)->Find(first->token_header()), nullptr);
  EXPECT_EQ((*set)->Find(first->token_header())->key_id(), first->key_id());
  EXPECT_NE((*set)->Find(second->token_header()), nullptr);
  // The same in another order, as another issuer might write it.
  const std::string other =
      base::Base64UrlEncode(R"({"typ":"at+jwt","alg":"ES256","kid":")" + first->key_id() + "\"}");
  EXPECT_EQ((*set)->Find(other), nullptr);
  EXPECT_EQ((*set)->Find(""), nullptr);
}

TEST(KeySetTest, LeavesOutWhatItDoesNotKnow) {
  const auto key = MakeKey(SigningAlgorithm::kEs256);
  const auto set = KeySet::Parse(
      SetOf({R"({"kty":"AKP","alg":"ML-DSA-44","kid":"p","pub":"AA"})", key->jwk_json()}));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ((*set)->size(), 1u);
}

TEST(KeySetTest, RefusesWhatIsNoKeySet) {
  const std::string key = MakeKey(SigningAlgorithm::kEs256)->jwk_json();
  for (const std::string& text :
       {std::string(), std::string("{}"), std::string("[]"), SetOf({}), SetOf({"1"}),
        std::string(R"({"keys":{}})"), SetOf(std::vector(KeySet::kMaxKeys + 1, key))}) {
    EXPECT_FALSE(KeySet::Parse(text).ok()) << text.substr(0, 100);
  }
}

TEST(KeySetTest, TellsWhenOneIsMissing) {
  const std::string first = MakeKey(SigningAlgorithm::kEs256)->jwk_json();
  const std::string second = MakeKey(SigningAlgorithm::kEs256)->jwk_json();
  const auto both = *KeySet::Parse(SetOf({first, second}));
  const auto one = *KeySet::Parse(SetOf({second}));
  EXPECT_TRUE(both->HasAllOf(*one));
  EXPECT_FALSE(one->HasAllOf(*both));
}

// A key that says nothing of what it is for, or something else, is for nothing here: RFC 8725, 3.1.
TEST(PublicKeyKindsTest, AnRsaKeyForAnotherAlgorithmIsNone) {
  EVP_PKEY* pair = EVP_RSA_gen(2048);
  const Json good = Json::parse(RsaJwk(pair));
  EVP_PKEY_free(pair);
  ASSERT_TRUE(PublicKey::FromJwk(good.dump()).ok());
  for (const char* algorithm :
       {"PS256", "RS384", "RS512", "RSA-OAEP", "ES256", "EdDSA", "HS256", "none", "rs256", ""}) {
    Json jwk = good;
    jwk["alg"] = algorithm;
    EXPECT_FALSE(PublicKey::FromJwk(jwk.dump()).ok()) << algorithm;
  }
  Json jwk = good;
  jwk.erase("alg");
  EXPECT_FALSE(PublicKey::FromJwk(jwk.dump()).ok());
  for (const char* type : {"EC", "OKP", "oct", "rsa"}) {
    jwk = good;
    jwk["kty"] = type;
    EXPECT_FALSE(PublicKey::FromJwk(jwk.dump()).ok()) << type;
  }
}

TEST(PublicKeyKindsTest, RefusesRsaExponentsThatHideNothing) {
  EVP_PKEY* pair = EVP_RSA_gen(2048);
  const Json good = Json::parse(RsaJwk(pair));
  EVP_PKEY_free(pair);
  const auto with_exponent = [&](const std::string& bytes) {
    Json jwk = good;
    jwk["e"] = base::Base64UrlEncode(bytes);
    return PublicKey::FromJwk(jwk.dump()).ok();
  };
  EXPECT_TRUE(with_exponent("\x03"));
  EXPECT_FALSE(with_exponent("\x01"));
  EXPECT_FALSE(with_exponent("\x02"));
  EXPECT_FALSE(with_exponent(""));
}

TEST(PublicKeyKindsTest, RefusesOtherCurvesAndLengths) {
  for (const SigningAlgorithm algorithm : {SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa}) {
    const Json good = Json::parse(MakeKey(algorithm)->jwk_json());
    for (const char* curve : {"P-384", "P-521", "secp256k1", "Ed448", "X25519", "p-256"}) {
      Json jwk = good;
      jwk["crv"] = curve;
      EXPECT_FALSE(PublicKey::FromJwk(jwk.dump()).ok()) << curve;
    }
  }
  Json jwk = Json::parse(MakeKey(SigningAlgorithm::kEs256)->jwk_json());
  // One coordinate may not lend the other a byte.
  const std::string x = *base::Base64UrlDecode(jwk["x"].get<std::string>());
  const std::string y = *base::Base64UrlDecode(jwk["y"].get<std::string>());
  jwk["x"] = base::Base64UrlEncode(x + y.substr(0, 1));
  jwk["y"] = base::Base64UrlEncode(y.substr(1));
  EXPECT_FALSE(PublicKey::FromJwk(jwk.dump()).ok());
}

TEST(KeySetTest, HoldsAsManyAsItSays) {
  const std::string key = MakeKey(SigningAlgorithm::kEs256)->jwk_json();
  EXPECT_TRUE(KeySet::Parse(SetOf(std::vector(KeySet::kMaxKeys, key))).ok());
}

}  // namespace
}  // namespace gatehouse::auth
