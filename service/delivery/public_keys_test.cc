#include "service/delivery/public_keys.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/signature.h"
#include "storage/endpoint/endpoint.h"

namespace gatehouse::service::delivery {
namespace {

using nlohmann::json;
using std::chrono::hours;

const base::Time kNow = base::TimeFromMicros(1'800'000'000'000'000);

storage::EndpointSecret Pair(base::Time expires = base::Time::max()) {
  return {.id = base::Uuid::MakeV7(kNow),
          .key = MakeKeyPair(),
          .create_time = kNow,
          .expire_time = expires};
}

storage::Endpoint WithPairs(std::vector<storage::EndpointSecret> pairs) {
  return {.id = base::Uuid::MakeV7(kNow),
          .secrets = {{.id = base::Uuid::MakeV7(kNow), .key = MakeKey(), .create_time = kNow}},
          .key_pairs = std::move(pairs)};
}

EndpointMap MapOf(const std::vector<storage::Endpoint>& endpoints) {
  EndpointMap map;
  for (const storage::Endpoint& endpoint : endpoints) {
    map[endpoint.id] = std::make_shared<const storage::Endpoint>(endpoint);
  }
  return map;
}

TEST(PublicKeysTest, ShowsThePublicHalvesThatSignNow) {
  PublicKeys keys;
  const storage::Endpoint endpoint = WithPairs({Pair(), Pair(kNow + hours(1)), Pair(kNow)});
  keys.Replace(base::kDefaultTenantId, MapOf({endpoint}));
  const std::string text = keys.JsonOf(endpoint.id.ToString(), kNow);
  const json shown = json::parse(text);
  ASSERT_EQ(shown["keys"].size(), 2u);
  const json& current = shown["keys"][0];
  EXPECT_EQ(current["id"], endpoint.key_pairs[0].id.ToString());
  EXPECT_EQ(current["scheme"], "v1a");
  EXPECT_EQ(current["public_key"], FormatPublicKey(endpoint.key_pairs[0].key));
  EXPECT_FALSE(current.contains("expire_time"));
  EXPECT_EQ(shown["keys"][1]["public_key"], FormatPublicKey(endpoint.key_pairs[1].key));
  EXPECT_TRUE(shown["keys"][1].contains("expire_time"));
  EXPECT_EQ(text.find("whsec_"), std::string::npos);
  EXPECT_EQ(text.find("whsk_"), std::string::npos);
  // Nobody has to read it anew for that.
  EXPECT_EQ(json::parse(keys.JsonOf(endpoint.id.ToString(), kNow + hours(1)))["keys"].size(), 1u);
}

TEST(PublicKeysTest, ThereIsNothingOfAnEndpointWithoutPairsOrThatIsGone) {
  PublicKeys keys;
  const storage::Endpoint plain = WithPairs({});
  const storage::Endpoint signing = WithPairs({Pair()});
  const base::Uuid other_tenant = base::Uuid::MakeV7(kNow);
  keys.Replace(base::kDefaultTenantId, MapOf({plain, signing}));
  const storage::Endpoint theirs = WithPairs({Pair()});
  keys.Replace(other_tenant, MapOf({theirs}));
  EXPECT_EQ(keys.JsonOf(plain.id.ToString(), kNow), "");
  EXPECT_EQ(keys.JsonOf(base::Uuid::MakeV7(kNow).ToString(), kNow), "");
  EXPECT_EQ(keys.JsonOf("not an id", kNow), "");
  EXPECT_NE(keys.JsonOf(signing.id.ToString(), kNow), "");
  keys.Replace(base::kDefaultTenantId, MapOf({plain}));
  EXPECT_EQ(keys.JsonOf(signing.id.ToString(), kNow), "");
  EXPECT_NE(keys.JsonOf(theirs.id.ToString(), kNow), "");
}

}  // namespace
}  // namespace gatehouse::service::delivery
