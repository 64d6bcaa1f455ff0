#include "auth/token/login_challenge.h"

#include <gtest/gtest.h>

#include "auth/token/refresh_token.h"

namespace gatehouse::auth {
namespace {

const LoginChallenge kChallenge = {
    .tenant_id = base::kDefaultTenantId,
    .user_id = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002"),
    .user_epoch = 7,
    .expire_time = base::TimeFromMicros(1'767'225'600'000'000)};
const std::string kSecret(32, 's');

TEST(LoginChallengeTest, DecodesWhatItEncoded) {
  const LoginChallengeCodec codec(kSecret);
  EXPECT_EQ(codec.Decode(codec.Encode(kChallenge)), kChallenge);
  EXPECT_EQ(LoginChallengeCodec(std::string(32, 't')).Decode(codec.Encode(kChallenge)),
            std::nullopt);
}

TEST(LoginChallengeTest, WhileThePepperIsChangedBothAreTakenAndTheFirstMakes) {
  const LoginChallengeCodec former(kSecret), next(std::string(32, 't'));
  const LoginChallengeCodec after({std::string(32, 't'), kSecret});
  EXPECT_EQ(after.Decode(former.Encode(kChallenge)), kChallenge);
  EXPECT_EQ(after.Encode(kChallenge), next.Encode(kChallenge));
}

TEST(LoginChallengeTest, AnyChangedBitIsRefused) {
  const LoginChallengeCodec codec(kSecret);
  const std::string token = codec.Encode(kChallenge);
  for (size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string forged = token;
      forged[i] = static_cast<char>(forged[i] ^ 1 << bit);
      EXPECT_EQ(codec.Decode(forged), std::nullopt) << i;
    }
  }
}

TEST(LoginChallengeTest, IsNoTokenOfAnotherKind) {
  const std::string refresh = RefreshTokenCodec(kSecret).Encode({});
  EXPECT_EQ(LoginChallengeCodec(kSecret).Decode(refresh), std::nullopt);
  EXPECT_EQ(LoginChallengeCodec(kSecret).Decode("gh_lc_" + refresh.substr(6)), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::auth
