#include "service/http/discovery.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gatehouse::service::http {
namespace {

using Json = nlohmann::json;

constexpr char kKeys[] = R"({"keys":[{"kid":"a","alg":"ES256"},{"kid":"b","alg":"EdDSA"},)"
                         R"({"kid":"c","alg":"ES256"}]})";

TEST(DiscoveryTest, NamesTheIssuerItsKeysAndTheirAlgorithms) {
  const auto document = DiscoveryDocument("https://id.example.com/one", kKeys);
  ASSERT_TRUE(document.has_value());
  const Json json = Json::parse(*document);
  EXPECT_EQ(json["issuer"], "https://id.example.com/one");
  EXPECT_EQ(json["jwks_uri"], "https://id.example.com/one/.well-known/jwks.json");
  EXPECT_EQ(json["id_token_signing_alg_values_supported"], Json({"ES256", "EdDSA"}));
  EXPECT_EQ(json["response_types_supported"], Json::array({"none"}));
  EXPECT_EQ(json["subject_types_supported"], Json::array({"public"}));
}

TEST(DiscoveryTest, KeepsTheIssuerAsTokensHaveIt) {
  const Json json = Json::parse(*DiscoveryDocument("https://id.example.com/", kKeys));
  EXPECT_EQ(json["issuer"], "https://id.example.com/");
  EXPECT_EQ(json["jwks_uri"], "https://id.example.com/.well-known/jwks.json");
  EXPECT_EQ(Json::parse(*DiscoveryDocument("HTTPS://id.example.com", kKeys))["issuer"],
            "HTTPS://id.example.com");
}

TEST(DiscoveryTest, NothingIsFoundByWhatIsNoUrl) {
  for (const char* issuer : {"gatehouse", "", "https://", "https:///path", "ftp://id.example.com",
                             "https://id.example.com?a=b", "https://id.example.com#a"}) {
    EXPECT_FALSE(DiscoveryDocument(issuer, kKeys).has_value()) << issuer;
  }
}

}  // namespace
}  // namespace gatehouse::service::http
