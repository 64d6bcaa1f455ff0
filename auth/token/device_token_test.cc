#include "auth/token/device_token.h"

#include <gtest/gtest.h>

namespace gatehouse::auth {
namespace {

const base::Uuid kUser = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002");
const base::Uuid kDevice = *base::Uuid::Parse("01890000-0000-7000-8000-000000000003");
const std::string kSecret(32, 's');

TEST(DeviceTokenTest, ReadsWhatItMade) {
  const DeviceTokenCodec codec(kSecret);
  const DeviceTokenCodec::Made made = codec.Make(base::kDefaultTenantId, kUser, kDevice);
  const auto read = codec.Read(made.token);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->tenant_id, base::kDefaultTenantId);
  EXPECT_EQ(read->user_id, kUser);
  EXPECT_EQ(read->device_id, kDevice);
  EXPECT_EQ(read->hash, made.device.hash);
  EXPECT_NE(codec.Make(base::kDefaultTenantId, kUser, kDevice).token, made.token);
  EXPECT_FALSE(DeviceTokenCodec(std::string(32, 't')).Read(made.token).has_value());
}

TEST(DeviceTokenTest, WhileThePepperIsChangedBothAreTakenAndTheFirstMakes) {
  const std::string other(32, 't');
  const DeviceTokenCodec after({other, kSecret});
  const DeviceTokenCodec::Made former =
      DeviceTokenCodec(kSecret).Make(base::kDefaultTenantId, kUser, kDevice);
  const auto read = after.Read(former.token);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->hash, former.device.hash);
  const std::string made = after.Make(base::kDefaultTenantId, kUser, kDevice).token;
  EXPECT_TRUE(DeviceTokenCodec(other).Read(made).has_value());
  EXPECT_FALSE(DeviceTokenCodec(kSecret).Read(made).has_value());
}

TEST(DeviceTokenTest, AnyChangedBitIsRefused) {
  const DeviceTokenCodec codec(kSecret);
  const std::string token = codec.Make(base::kDefaultTenantId, kUser, kDevice).token;
  for (size_t i = 0; i < token.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string forged = token;
      forged[i] = static_cast<char>(forged[i] ^ 1 << bit);
      EXPECT_FALSE(codec.Read(forged).has_value()) << i;
    }
  }
}

}  // namespace
}  // namespace gatehouse::auth
