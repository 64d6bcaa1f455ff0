#include "auth/second_factor/recovery_codes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace gatehouse::auth {
namespace {

const base::Uuid kUser = *base::Uuid::Parse("01890000-0000-7000-8000-000000000002");
const base::Uuid kOther = *base::Uuid::Parse("01890000-0000-7000-8000-000000000003");
const std::string kPepper(32, 's');
const std::string kNext(32, 't');
const std::string kThird(32, 'u');

// As a look-up in what is kept does.
bool AreKeptAs(const std::vector<std::string>& hashes, const std::string& kept) {
  return std::ranges::count(hashes, kept) == 1;
}

TEST(RecoveryCodesTest, AreDifferentAndEachIsFoundByItsHash) {
  const RecoveryCodes codes(kPepper);
  const RecoveryCodes::Made made = codes.Make(kUser);
  EXPECT_EQ(std::set(made.codes.begin(), made.codes.end()).size(), 10u);
  for (size_t i = 0; i < made.codes.size(); ++i) {
    EXPECT_THAT(made.codes[i],
                testing::MatchesRegex("[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}"));
    EXPECT_TRUE(AreKeptAs(codes.Hashes(kUser, made.codes[i]), made.hashes[i]));
    EXPECT_FALSE(AreKeptAs(codes.Hashes(kOther, made.codes[i]), made.hashes[i]));
    EXPECT_FALSE(AreKeptAs(RecoveryCodes(kNext).Hashes(kUser, made.codes[i]), made.hashes[i]));
  }
}

TEST(RecoveryCodesTest, AreTakenAsPeopleTypeThem) {
  const RecoveryCodes codes(kPepper);
  const std::vector<std::string> hashes = codes.Hashes(kUser, "01a1b-c1d0e");
  for (const char* typed : {"01A1B-C1D0E", "01a1bc1d0e", " 01a1b c1d0e ", "OIALB-cldoe"}) {
    EXPECT_EQ(codes.Hashes(kUser, typed), hashes) << typed;
  }
  EXPECT_NE(codes.Hashes(kUser, "01a1b-c1d0f"), hashes);
}

// What versions without marks keep, and take.
TEST(RecoveryCodesTest, AreKeptWithoutAMarkUnderOnePepper) {
  const RecoveryCodes codes(kPepper);
  for (const std::string& hash : codes.Make(kUser).hashes) EXPECT_EQ(hash.size(), 32u);
}

TEST(RecoveryCodesTest, AreTakenBeforeWhileAndAfterThePepperIsChanged) {
  const RecoveryCodes former(kPepper), before({kPepper, kNext}), after({kNext, kPepper}),
      next(kNext);
  const auto are_taken = [](const RecoveryCodes& made_by, const RecoveryCodes& shown_to) {
    const RecoveryCodes::Made made = made_by.Make(kUser);
    return AreKeptAs(shown_to.Hashes(kUser, made.codes[0]), made.hashes[0]);
  };
  for (const RecoveryCodes* made_by : {&former, &before, &after, &next}) {
    EXPECT_TRUE(are_taken(*made_by, before));
    EXPECT_TRUE(are_taken(*made_by, after));
  }
  EXPECT_TRUE(are_taken(before, former));
  EXPECT_FALSE(are_taken(before, next));
  EXPECT_FALSE(are_taken(after, former));
  EXPECT_TRUE(are_taken(after, next));
}

TEST(RecoveryCodesTest, TellWhichEndWithTheSecondPepper) {
  const RecoveryCodes after({kNext, kPepper});
  for (const RecoveryCodes& made_by : {RecoveryCodes(kPepper), RecoveryCodes({kPepper, kNext})}) {
    EXPECT_TRUE(after.EndsWithAccepted(made_by.Make(kUser).hashes[0]));
  }
  EXPECT_FALSE(after.EndsWithAccepted(after.Make(kUser).hashes[0]));
  // And once more, by a third one.
  EXPECT_TRUE(RecoveryCodes({kThird, kNext}).EndsWithAccepted(after.Make(kUser).hashes[0]));
}

}  // namespace
}  // namespace gatehouse::auth
