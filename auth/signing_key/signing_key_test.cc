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

// RFC 7515, appendix A.2: its numbers as DER.
SigningKeyRow Rfc7515RsaRow() {
  return RowOf(
      "RS256",
      FromUrl("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_"
              "wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pC"
              "gNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBY"
              "UsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJ"
              "H7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQ"
              "AB"),
      FromUrl("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh-BYK4uPJtGXOjS1lYmM2K5J9vi"
              "nh8CR3_BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxLaYk8wTM_U-3QGbh3hCUv7JFP5IV3"
              "aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNnjuygxmj3AbONv_s4yDQs4v5tJ_reSlpIdJed1LnPmt"
              "7Ex1sFhSwsD174pcF1A5L5ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr"
              "8jkiGUkftoaHLFcW9Qr4NY2ai50Xw0Byj3-H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHgVFbK5e"
              "mhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_G"
              "Q5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU"
              "6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjud"
              "U2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuB"
              "iB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0KpLttoLhyt3Sm"
              "qdEf_kgHePDdtzEafpAu-cS191R2JiuoF2yzWXnwFDcqGigp5BNr0AHQfD8_Lk8l1Mk09jxxCfui5n"
              "YooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqElMGAg-C2V0L4oNXnP7LZcPAZRwKBgQC5A8R-CZW2"
              "MvRTLLHzwZkUXV866cff7tx6kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON"
              "4tB5kP9jAPrq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS_l1OW1EnXUEoEHKl54Xrrz2uNwkgMT"
              "P1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7_Ls5bkUp5u9SN0Ai3Ya6hNnvWJ"
              "Mb7sXQX6U_zyO2M_hTip7tUeh7CXgwo59dkpN75gJLVds29-DAncu3KXU4f2Fa-7bLNrur53k8KwPO"
              "q2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf_evpitUf-4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjM"
              "JDpTg7FmuyPcVw6EcGyoAe9fa65iNqCq-jdw6PVNGo2hxfjSiZ8IIzHdsPXI89__pMjZcQK9r-CCoR"
              "jaZjOYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2tOgrjbcrfv"
              "tQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnb"
              "JtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U"));
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

TEST(SigningKeyTest, MakesTheRs256SignatureOfRfc7515) {
  const auto key = SigningKey::Load(Rfc7515RsaRow(), kMaster);
  ASSERT_TRUE(key.ok()) << key.status();
  const std::string input =
      "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
      "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  const std::string signature = FromUrl(
      "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O"
      "8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARN"
      "PvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ"
      "1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw");
  EXPECT_EQ((*key)->Sign(input), signature);
  EXPECT_TRUE((*key)->Verify(input, signature));
  EXPECT_FALSE((*key)->Verify(input + "x", signature));
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
