#include "auth/signing_key/signing_key.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

const std::string kMaster(32, 'm');

std::string FromHex(std::string_view hex) { return *base::HexDecode(hex); }
std::string FromUrl(std::string_view text) { return *base::Base64UrlDecode(text); }

// A row as Generate would have made it of a known key pair.
SigningKeyRow RowOf(std::string algorithm, std::string public_der, std::string private_der) {
  SigningKeyRow row{.tenant_id = base::kDefaultTenantId,
                    .key_id = "vector",
                    .algorithm = std::move(algorithm),
                    .public_key = std::move(public_der)};
  row.private_key = base::Seal(
      kMaster, "gatehouse signing key v1" + std::string(row.tenant_id.bytes()) + "vector",
      private_der);
  return row;
}

// RFC 7515, appendix A.3.
SigningKeyRow Rfc7515Row() {
  const std::string point = "\x04" + FromUrl("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU") +
                            FromUrl("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  const std::string d = FromUrl("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
  return RowOf("ES256", FromHex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + point,
               FromHex("308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420") +
                   d + FromHex("a144034200") + point);
}

// RFC 8037, appendix A.1.
SigningKeyRow Rfc8037Row() {
  return RowOf(
      "EdDSA",
      FromHex("302a300506032b6570032100") + FromUrl("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
      FromHex("302e020100300506032b657004220420") +
          FromUrl("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
}

TEST(SigningKeyTest, VerifiesTheEs256VectorOfRfc7515) {
  const auto key = SigningKey::Load(Rfc7515Row(), kMaster);
  ASSERT_TRUE(key.ok()) << key.status();
  const std::string input =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
      "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const std::string signature = FromUrl(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  EXPECT_TRUE((*key)->Verify(input, signature));
  EXPECT_FALSE((*key)->Verify(input + "x", signature));
  const auto jwk = nlohmann::json::parse((*key)->jwk_json());
  EXPECT_EQ(jwk["kty"], "EC");
  EXPECT_EQ(jwk["crv"], "P-256");
  EXPECT_EQ(jwk["x"], "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
  EXPECT_EQ(jwk["y"], "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  EXPECT_EQ(jwk["alg"], "ES256");
  EXPECT_EQ(jwk["use"], "sig");
  EXPECT_EQ(jwk["kid"], "vector");
  EXPECT_FALSE(jwk.contains("d"));
}

TEST(SigningKeyTest, MakesTheEdDsaSignatureOfRfc8037) {
  const auto key = SigningKey::Load(Rfc8037Row(), kMaster);
  ASSERT_TRUE(key.ok()) << key.status();
  const std::string input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  const std::string signature = FromUrl(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  EXPECT_EQ((*key)->Sign(input), signature);
  EXPECT_TRUE((*key)->Verify(input, signature));
  const auto jwk = nlohmann::json::parse((*key)->jwk_json());
  EXPECT_EQ(jwk["kty"], "OKP");
  EXPECT_EQ(jwk["crv"], "Ed25519");
  EXPECT_EQ(jwk["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
  EXPECT_FALSE(jwk.contains("d"));
}

TEST(SigningKeyTest, AnRsaKeyIsShownAsOne) {
  const auto key =
      SigningKey::Load(SigningKey::Generate(SigningAlgorithm::kRs256, base::kDefaultTenantId,
                                            base::Time(), base::Time(), kMaster),
                       kMaster);
  ASSERT_TRUE(key.ok()) << key.status();
  const auto jwk = nlohmann::json::parse((*key)->jwk_json());
  EXPECT_EQ(jwk["kty"], "RSA");
  EXPECT_EQ(jwk["alg"], "RS256");
  EXPECT_EQ(jwk["e"], "AQAB");
  EXPECT_EQ(FromUrl(jwk["n"].get<std::string>()).size(), 256u);
  for (const char* secret : {"d", "p", "q", "dp", "dq", "qi"}) EXPECT_FALSE(jwk.contains(secret));
  EXPECT_EQ((*key)->Sign("message"), (*key)->Sign("message")) << "the same each time";
}

class SigningKeyAlgorithmTest : public ::testing::TestWithParam<SigningAlgorithm> {
 protected:
  SigningKeyRow row_ =
      SigningKey::Generate(GetParam(), base::kDefaultTenantId, base::Time(), base::Time(), kMaster);
};

TEST_P(SigningKeyAlgorithmTest, VerifiesWhatItSigned) {
  const auto key = SigningKey::Load(row_, kMaster);
  ASSERT_TRUE(key.ok()) << key.status();
  const std::string signature = (*key)->Sign("message");
  EXPECT_EQ(signature.size(), GetParam() == SigningAlgorithm::kRs256 ? 256u : 64u);
  EXPECT_TRUE((*key)->Verify("message", signature));
  EXPECT_FALSE((*key)->Verify("messagf", signature));
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    std::string forged = signature;
    forged[bit / 8] = static_cast<char>(forged[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE((*key)->Verify("message", forged)) << bit;
  }
}

// "Psychic signatures" (CVE-2022-21449) and their kin.
TEST_P(SigningKeyAlgorithmTest, RefusesDegenerateSignatures) {
  const auto key = SigningKey::Load(row_, kMaster);
  const std::string signature = (*key)->Sign("message");
  EXPECT_FALSE((*key)->Verify("message", std::string(signature.size(), '\0')));
  EXPECT_FALSE((*key)->Verify("message", std::string(signature.size(), '\xff')));
  EXPECT_FALSE((*key)->Verify("message", ""));
  EXPECT_FALSE((*key)->Verify("message", signature + '\0'));
  EXPECT_FALSE((*key)->Verify("message", signature.substr(0, signature.size() - 1)));
}

TEST_P(SigningKeyAlgorithmTest, SurvivesStorageButNotTampering) {
  EXPECT_TRUE(SigningKey::Load(row_, kMaster).ok());
  EXPECT_FALSE(SigningKey::Load(row_, std::string(32, 'n')).ok());
  const auto refused = [this](auto change) {
    SigningKeyRow row = row_;
    change(row);
    return !SigningKey::Load(row, kMaster).ok();
  };
  EXPECT_TRUE(refused([](SigningKeyRow& row) { row.key_id += "x"; }));
  EXPECT_TRUE(refused([](SigningKeyRow& row) { row.tenant_id = base::Uuid(); }));
  EXPECT_TRUE(refused([](SigningKeyRow& row) { row.algorithm = "none"; }));
  EXPECT_TRUE(refused(
      [](SigningKeyRow& row) { row.algorithm = row.algorithm == "ES256" ? "EdDSA" : "ES256"; }));
  EXPECT_TRUE(refused([](SigningKeyRow& row) { row.public_key.back() ^= 1; }));
  EXPECT_TRUE(refused([](SigningKeyRow& row) { row.private_key.back() ^= 1; }));
}

TEST_P(SigningKeyAlgorithmTest, ThePrivateHalfIsNotReadableInTheRow) {
  const auto opened = base::Open(
      kMaster, "gatehouse signing key v1" + std::string(row_.tenant_id.bytes()) + row_.key_id,
      row_.private_key);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(row_.private_key.find(opened->substr(opened->size() / 2)), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, SigningKeyAlgorithmTest,
                         ::testing::Values(SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa,
                                           SigningAlgorithm::kRs256));

}  // namespace
}  // namespace gatehouse::auth
