#include "auth/second_factor/recovery_codes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace gatehouse::auth {
namespace {

const base::Uuid kUser = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002");
const base::Uuid kOther = *base::Uuid::Parse("01890000-0000-7000-8000-000000000003");

TEST(RecoveryCodesTest, AreDifferentAndEachIsFoundByItsHash) {
  const RecoveryCodes codes(std::string(32, 's'));
  const RecoveryCodes::Made made = codes.Make(kUser);
  EXPECT_EQ(std::set(made.codes.begin(), made.codes.end()).size(), 10u);
  for (size_t i = 0; i < made.codes.size(); ++i) {
    EXPECT_THAT(made.codes[i],
                testing::MatchesRegex("[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}"));
    EXPECT_EQ(codes.Hash(kUser, made.codes[i]), made.hashes[i]);
    EXPECT_NE(codes.Hash(kOther, made.codes[i]), made.hashes[i]);
    EXPECT_NE(RecoveryCodes(std::string(32, 't')).Hash(kUser, made.codes[i]), made.hashes[i]);
  }
}

TEST(RecoveryCodesTest, AreTakenAsPeopleTypeThem) {
  const RecoveryCodes codes(std::string(32, 's'));
  const std::string hash = codes.Hash(kUser, "01a1b-c1d0e");
  for (const char* typed : {"01A1B-C1D0E", "01a1bc1d0e", " 01a1b c1d0e ", "OIALB-cldoe"}) {
    EXPECT_EQ(codes.Hash(kUser, typed), hash) << typed;
  }
  EXPECT_NE(codes.Hash(kUser, "01a1b-c1d0f"), hash);
}

}  // namespace
}  // namespace gatehouse::auth
