#include "auth/token/one_time_token.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

using storage::OneTimePurpose;
using storage::OneTimeTokenKey;

const base::Uuid kUser = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002");
const std::string kSecret(32, 's');
constexpr OneTimePurpose kAllPurposes[] = {
    OneTimePurpose::kPasswordReset, OneTimePurpose::kEmailVerification, OneTimePurpose::kMagicLink,
    OneTimePurpose::kInvitation, OneTimePurpose::kRequestedReset};

OneTimeTokenCodec::Made Make(const OneTimeTokenCodec& codec) {
  return codec.Make(OneTimePurpose::kPasswordReset, base::kDefaultTenantId, kUser);
}

TEST(OneTimeTokenTest, ReadsWhatItMade) {
  const OneTimeTokenCodec codec(kSecret);
  const OneTimeTokenCodec::Made made = Make(codec);
  const std::optional<OneTimeTokenKey> key =
      OneTimeTokenCodec(kSecret).Read({OneTimePurpose::kPasswordReset}, made.token);
  ASSERT_TRUE(key);
  EXPECT_EQ(*key, made.key);
  EXPECT_EQ(key->tenant_id, base::kDefaultTenantId);
  EXPECT_EQ(key->user_id, kUser);
  EXPECT_EQ(key->hash, base::Sha256(made.token));
}

TEST(OneTimeTokenTest, IsAnotherOneEachTime) {
  const OneTimeTokenCodec codec(kSecret);
  EXPECT_NE(Make(codec).token, Make(codec).token);
}

TEST(OneTimeTokenTest, IsGoodForItsPurposeAndSecretOnly) {
  const OneTimeTokenCodec codec(kSecret);
  for (const OneTimePurpose made : kAllPurposes) {
    const std::string token = codec.Make(made, base::kDefaultTenantId, kUser).token;
    for (const OneTimePurpose read : kAllPurposes) {
      EXPECT_EQ(codec.Read({read}, token).has_value(), read == made);
    }
    EXPECT_FALSE(codec.Read({}, token));
    EXPECT_FALSE(OneTimeTokenCodec(std::string(32, 't')).Read({made}, token));
  }
}

TEST(OneTimeTokenTest, IsReadForAnyOfSeveralPurposes) {
  const OneTimeTokenCodec codec(kSecret);
  const auto made = codec.Make(OneTimePurpose::kInvitation, base::kDefaultTenantId, kUser);
  EXPECT_EQ(codec.Read({OneTimePurpose::kPasswordReset, OneTimePurpose::kInvitation}, made.token),
            made.key);
  EXPECT_FALSE(
      codec.Read({OneTimePurpose::kPasswordReset, OneTimePurpose::kMagicLink}, made.token));
}

TEST(OneTimeTokenTest, WhileThePepperIsChangedBothAreTakenAndTheFirstMakes) {
  const std::string other(32, 't');
  const OneTimeTokenCodec after({other, kSecret});
  const OneTimeTokenCodec::Made former = Make(OneTimeTokenCodec(kSecret));
  EXPECT_EQ(after.Read({OneTimePurpose::kPasswordReset}, former.token), former.key);
  const OneTimeTokenCodec::Made made = Make(after);
  EXPECT_EQ(OneTimeTokenCodec(other).Read({OneTimePurpose::kPasswordReset}, made.token), made.key);
  EXPECT_FALSE(OneTimeTokenCodec(kSecret).Read({OneTimePurpose::kPasswordReset}, made.token));
}

// Built step by step from the description in the header.
TEST(OneTimeTokenTest, TheFormatIsFixed) {
  std::string body("\x01\x01", 2);
  body += base::kDefaultTenantId.bytes();
  body += kUser.bytes();
  body += std::string(16, 'r');
  const std::string key =
      base::HkdfSha256(kSecret, "gatehouse one-time token v1" + std::string(kUser.bytes()), 32);
  body += base::HmacSha256(key, body).substr(0, 16);
  const std::string token = "gh_ot_" + base::Base64UrlEncode(body);
  EXPECT_TRUE(OneTimeTokenCodec(kSecret).Read({OneTimePurpose::kPasswordReset}, token));
  // As in tests/bench/timing/one_time_tokens_test.py.
  EXPECT_EQ(
      token,
      "gh_ot_"
      "AQEAAAAAAABwAIAAAAAAAAABAYkAAAAAcACAAAAAAAAAAnJycnJycnJycnJycnJycnL12UG00TOOeQQFOVdIlBE6");
}

TEST(OneTimeTokenTest, AnyChangedBitIsRefused) {
  const OneTimeTokenCodec codec(kSecret);
  const std::string token = Make(codec).token;
  for (size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string forged = token;
      forged[i] = static_cast<char>(forged[i] ^ 1 << bit);
      EXPECT_FALSE(codec.Read({OneTimePurpose::kPasswordReset}, forged)) << i;
    }
  }
  EXPECT_FALSE(codec.Read({OneTimePurpose::kPasswordReset}, ""));
  EXPECT_FALSE(codec.Read({OneTimePurpose::kPasswordReset}, token + "A"));
  EXPECT_FALSE(codec.Read({OneTimePurpose::kPasswordReset}, token.substr(0, token.size() - 1)));
}

}  // namespace
}  // namespace gatehouse::auth
