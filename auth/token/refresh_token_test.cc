#include "auth/token/refresh_token.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/text/encoding.h"

namespace gatehouse::auth {
namespace {

const RefreshClaims kClaims = {
    .tenant_id = base::kDefaultTenantId,
    .session_id = *base::Uuid::Parse("01890000-0000-7000-8000-000000000001"),
    .user_id = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002"),
    .generation = 7,
};
const std::string kSecret(32, 's');
const std::string kOther(32, 't');

TEST(RefreshTokenTest, DecodesWhatItEncoded) {
  const RefreshTokenCodec codec(kSecret);
  for (const int64_t generation : {int64_t{0}, int64_t{1}, int64_t{1} << 40, INT64_MAX}) {
    RefreshClaims claims = kClaims;
    claims.generation = generation;
    EXPECT_EQ(codec.Decode(codec.Encode(claims)), claims);
  }
}

TEST(RefreshTokenTest, IsAFunctionOfClaimsAndSecret) {
  const RefreshTokenCodec codec(kSecret);
  EXPECT_EQ(codec.Encode(kClaims), RefreshTokenCodec(kSecret).Encode(kClaims));
  RefreshClaims next = kClaims;
  ++next.generation;
  EXPECT_NE(codec.Encode(next), codec.Encode(kClaims));
  EXPECT_EQ(RefreshTokenCodec(std::string(32, 't')).Decode(codec.Encode(kClaims)), std::nullopt);
}

TEST(RefreshTokenTest, WhileThePepperIsChangedBothAreTakenAndTheFirstMakes) {
  const RefreshTokenCodec former(kSecret), next(kOther);
  const RefreshTokenCodec before({kSecret, kOther}), after({kOther, kSecret});
  for (const RefreshTokenCodec* codec : {&before, &after}) {
    EXPECT_EQ(codec->Decode(former.Encode(kClaims)), kClaims);
    EXPECT_EQ(codec->Decode(next.Encode(kClaims)), kClaims);
    EXPECT_EQ(codec->Decode(RefreshTokenCodec(std::string(32, 'u')).Encode(kClaims)), std::nullopt);
  }
  EXPECT_EQ(before.Encode(kClaims), former.Encode(kClaims));
  EXPECT_EQ(after.Encode(kClaims), next.Encode(kClaims));
}

// Built step by step from the description in the header.
TEST(RefreshTokenTest, TheFormatIsFixed) {
  std::string body = "\x01";
  body += kClaims.tenant_id.bytes();
  body += kClaims.session_id.bytes();
  body += kClaims.user_id.bytes();
  body += std::string("\0\0\0\0\0\0\0\x07", 8);
  const std::string key = base::HkdfSha256(
      kSecret, "gatehouse refresh token v1" + std::string(kClaims.session_id.bytes()), 32);
  body += base::HmacSha256(key, body).substr(0, 16);
  EXPECT_EQ(RefreshTokenCodec(kSecret).Encode(kClaims), "gh_rt_" + base::Base64UrlEncode(body));
}

TEST(RefreshTokenTest, AnyChangedBitIsRefused) {
  const RefreshTokenCodec codec({kSecret, kOther});
  const std::string token = codec.Encode(kClaims);
  for (size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string forged = token;
      forged[i] = static_cast<char>(forged[i] ^ 1 << bit);
      EXPECT_EQ(codec.Decode(forged), std::nullopt) << i;
    }
  }
}

TEST(RefreshTokenTest, OtherLengthsAndTextsAreRefused) {
  const RefreshTokenCodec codec(kSecret);
  const std::string token = codec.Encode(kClaims);
  for (size_t size = 0; size < token.size(); ++size) {
    EXPECT_EQ(codec.Decode(token.substr(0, size)), std::nullopt) << size;
  }
  EXPECT_EQ(codec.Decode(token + "A"), std::nullopt);
  EXPECT_EQ(codec.Decode("gh_key_" + token.substr(6)), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::auth
