#include "auth/api_key/api_key.h"

#include <gtest/gtest.h>

#include <set>

#include "base/hash.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

TEST(ApiKeyTest, ParsesWhatItMade) {
  const base::Uuid tenant = base::Uuid::MakeV7(base::Time());
  const NewApiKey made = MakeApiKey(tenant);
  EXPECT_EQ(made.key.size(), 85u);
  EXPECT_EQ(made.prefix.size(), 15u);
  EXPECT_TRUE(made.key.starts_with(made.prefix));
  EXPECT_TRUE(made.prefix.starts_with("gh_key_"));
  EXPECT_EQ(made.hash, base::Sha256(made.key));
  const auto parsed = ParseApiKey(made.key);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->tenant_id, tenant);
  EXPECT_EQ(parsed->hash, made.hash);
}

// A key published in a test would be reported by scanners, so it is built here
// from parts: all-zero tenant and secret with the prefix "AAAAAAAA".
TEST(ApiKeyTest, TheFormatIsFixed) {
  const std::string key = std::string("gh_key_") + "AAAAAAAA" + std::string(64, 'A');
  // CRC-32 of the 15 characters and 48 zero bytes, by zlib.
  const auto with_checksum = [&](const char* hex) {
    return key + base::Base64UrlEncode(*base::HexDecode(hex));
  };
  EXPECT_TRUE(ParseApiKey(with_checksum("c244c9a6")).has_value());
  EXPECT_FALSE(ParseApiKey(with_checksum("00000000")).has_value());
}

TEST(ApiKeyTest, AnyOtherCharacterBreaksTheKey) {
  const std::string key = MakeApiKey(base::kDefaultTenantId).key;
  for (size_t i = 0; i < key.size(); ++i) {
    for (const char c : {'A', 'b', '0', '-', ' ', '\xff'}) {
      std::string forged = key;
      if (forged[i] == c) continue;
      forged[i] = c;
      EXPECT_FALSE(ParseApiKey(forged).has_value()) << i << " " << c;
    }
  }
}

TEST(ApiKeyTest, OtherLengthsAndTextsAreNoKeys) {
  const std::string key = MakeApiKey(base::kDefaultTenantId).key;
  EXPECT_FALSE(ParseApiKey("").has_value());
  EXPECT_FALSE(ParseApiKey("gh_key_").has_value());
  EXPECT_FALSE(ParseApiKey(key + "A").has_value());
  EXPECT_FALSE(ParseApiKey(key.substr(0, key.size() - 1)).has_value());
  EXPECT_FALSE(ParseApiKey(" " + key).has_value());
  EXPECT_FALSE(LooksLikeApiKey("eyJhbGciOiJFUzI1NiJ9"));
  EXPECT_TRUE(LooksLikeApiKey(key));
}

TEST(ApiKeyTest, EveryKeyIsAnother) {
  std::set<std::string> keys, prefixes;
  for (int i = 0; i < 100; ++i) {
    const NewApiKey made = MakeApiKey(base::kDefaultTenantId);
    keys.insert(made.key.substr(made.prefix.size()));
    prefixes.insert(made.prefix);
  }
  EXPECT_EQ(keys.size(), 100u);
  EXPECT_GE(prefixes.size(), 99u);
}

}  // namespace
}  // namespace gatehouse::auth
