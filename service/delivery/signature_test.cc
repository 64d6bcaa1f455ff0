#include "service/delivery/signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text/encoding.h"

namespace gatehouse::service::delivery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SigningKeys Keys(std::initializer_list<std::string_view> secrets) {
  SigningKeys keys;
  for (std::string_view secret : secrets) {
    if (IsKeyPair(secret)) {
      keys.pairs.push_back(*ParseKeyPair(secret));
    } else {
      keys.symmetric.push_back(*ParseSecret(secret));
    }
  }
  return keys;
}

constexpr char kPair[] =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";

// The vectors that the reference libraries share.
TEST(SignatureTest, MatchesTheVectorOfTheJavaScriptPythonAndGoLibraries) {
  EXPECT_EQ(SignatureHeader(Keys({"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}),
                            "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(SignatureTest, MatchesTheVectorOfTheRustLibrary) {
  EXPECT_EQ(SignatureHeader(Keys({"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}),
                            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
                            R"({"email":"test@example.com","username":"test_user"})"),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
}

TEST(SignatureTest, SeveralLiveKeysGiveOneEntryEachCurrentFirst) {
  EXPECT_EQ(SignatureHeader(Keys({"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                                  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}),
                            "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
            SignatureHeader(Keys({"whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}),
                            "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})") +
                " v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(SignatureTest, MatchesTheVectorOfTheSvixServerForKeyPairs) {
  EXPECT_EQ(SignatureHeader(Keys({kPair}), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
                            R"({"test": 2432232314})"),
            "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+"
            "m7TBAg==");
  EXPECT_EQ(FormatPublicKey(*ParseKeyPair(kPair)),
            "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=");
}

TEST(SignatureTest, BothSchemesStandBesideEachOther) {
  EXPECT_EQ(SignatureHeader(Keys({"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", kPair}), "id", 1, "b"),
            SignatureHeader(Keys({"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}), "id", 1, "b") + " " +
                SignatureHeader(Keys({kPair}), "id", 1, "b"));
}

TEST(SignatureTest, KeyPairsAreMadeAtRandomAndCanBeRead) {
  const std::string pair = MakeKeyPair();
  EXPECT_EQ(pair.size(), 64u);
  EXPECT_EQ(*ParseKeyPair("whsk_" + base::Base64Encode(pair)), pair);
  EXPECT_NE(MakeKeyPair(), pair);
}

TEST(SignatureTest, RefusesPairsThatAreNone) {
  const std::string pair = *ParseKeyPair(kPair);
  std::string other_public = pair;
  other_public.back() ^= 1;
  for (const std::string& secret :
       {std::string("whsk_"), std::string(kPair).substr(0, 90), std::string("whsk_%"),
        "whsec_" + base::Base64Encode(pair), "whsk_" + base::Base64Encode(pair.substr(0, 32)),
        "whsk_" + base::Base64Encode(other_public), "whsk_" + base::Base64Encode(pair + "x"),
        std::string("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=")}) {
    const absl::StatusOr<std::string> parsed = ParseKeyPair(secret);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << secret;
    if (secret.size() > 8) {
      EXPECT_THAT(parsed.status().message(), Not(HasSubstr(secret.substr(5))));
    }
  }
}

TEST(SignatureTest, EveryPartOfTheContentIsSigned) {
  const SigningKeys keys = Keys({"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
  const std::string signature = SignatureHeader(keys, "id", 1, "body");
  EXPECT_NE(signature, SignatureHeader(keys, "ie", 1, "body"));
  EXPECT_NE(signature, SignatureHeader(keys, "id", 2, "body"));
  EXPECT_NE(signature, SignatureHeader(keys, "id", 1, "body\n"));
  EXPECT_NE(signature, SignatureHeader(keys, "id", 1, ""));
}

TEST(SignatureTest, SecretRoundTrips) {
  const std::string key = MakeKey();
  EXPECT_EQ(key.size(), 32u);
  EXPECT_EQ(*ParseSecret(FormatSecret(key)), key);
  EXPECT_NE(MakeKey(), key);
}

TEST(SignatureTest, AcceptsUnpaddedSecretsAsThePythonLibraryDoes) {
  const std::string key(25, 'k');
  std::string secret = FormatSecret(key);
  ASSERT_TRUE(secret.ends_with("=="));
  secret.resize(secret.size() - 2);
  EXPECT_EQ(*ParseSecret(secret), key);
}

TEST(SignatureTest, RefusesOtherSecretsAndDoesNotRepeatThem) {
  const std::string long_key = FormatSecret(std::string(65, 'k'));
  const std::string short_key = FormatSecret(std::string(23, 'k'));
  for (const std::string& secret :
       {std::string(), std::string("w"), std::string("whsec_"), std::string("whsec_%"),
        std::string("whsec_wronglength"), std::string("hwsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        std::string("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        std::string("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="), long_key, short_key}) {
    const absl::StatusOr<std::string> key = ParseSecret(secret);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << secret;
    if (secret.size() > 8) {
      EXPECT_THAT(key.status().message(), Not(HasSubstr(secret)));
    }
  }
  EXPECT_TRUE(ParseSecret(FormatSecret(std::string(24, 'k'))).ok());
  EXPECT_TRUE(ParseSecret(FormatSecret(std::string(64, 'k'))).ok());
}

}  // namespace
}  // namespace gatehouse::service::delivery
