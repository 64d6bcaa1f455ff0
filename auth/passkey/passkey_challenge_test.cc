#include "auth/passkey/passkey_challenge.h"

#include <gtest/gtest.h>

#include "auth/token/login_challenge.h"

namespace gatehouse::auth {
namespace {

const PasskeyChallenge kChallenge = {
    .purpose = PasskeyPurpose::kStepUp,
    .tenant_id = base::kDefaultTenantId,
    .user_id = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002"),
    .nonce = "sixteen bytes it",
    .expire_time = base::TimeFromMicros(1'767'225'600'000'000)};
const std::string kSecret(32, 's');

TEST(PasskeyChallengeTest, DecodesWhatItEncoded) {
  const PasskeyChallengeCodec codec(kSecret);
  EXPECT_EQ(codec.Decode(codec.Encode(kChallenge)), kChallenge);
  EXPECT_EQ(PasskeyChallengeCodec(std::string(32, 't')).Decode(codec.Encode(kChallenge)),
            std::nullopt);
}

TEST(PasskeyChallengeTest, WhileThePepperIsChangedBothAreTakenAndTheFirstMakes) {
  const PasskeyChallengeCodec former(kSecret), next(std::string(32, 't'));
  const PasskeyChallengeCodec after({std::string(32, 't'), kSecret});
  EXPECT_EQ(after.Decode(former.Encode(kChallenge)), kChallenge);
  EXPECT_EQ(after.Encode(kChallenge), next.Encode(kChallenge));
}

TEST(PasskeyChallengeTest, AnyChangedBitIsRefused) {
  const PasskeyChallengeCodec codec(kSecret);
  const std::string token = codec.Encode(kChallenge);
  for (size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string forged = token;
      forged[i] = static_cast<char>(forged[i] ^ 1 << bit);
      EXPECT_EQ(codec.Decode(forged), std::nullopt) << i;
    }
  }
}

TEST(PasskeyChallengeTest, IsNoTokenOfAnotherKind) {
  const std::string login = LoginChallengeCodec(kSecret).Encode({});
  EXPECT_EQ(PasskeyChallengeCodec(kSecret).Decode(login), std::nullopt);
  EXPECT_EQ(PasskeyChallengeCodec(kSecret).Decode("gh_pk_" + login.substr(6)), std::nullopt);
}

}  // namespace
}  // namespace gatehouse::auth
