#include "auth/second_factor/totp.h"

#include <gtest/gtest.h>

#include <chrono>

namespace gatehouse::auth {
namespace {

// Of RFC 6238, appendix B, and RFC 4226, appendix D.
constexpr char kRfcSecret[] = "12345678901234567890";

base::Time At(int64_t seconds) { return base::Time(std::chrono::seconds(seconds)); }

// The last six digits of the RFC's eight.
TEST(TotpTest, MakesTheCodesOfTheRfc) {
  struct Case {
    int64_t seconds;
    const char* code;
  };
  for (const auto& [seconds, code] :
       {Case{59, "287082"}, Case{1111111109, "081804"}, Case{1111111111, "050471"},
        Case{1234567890, "005924"}, Case{2000000000, "279037"}, Case{20000000000, "353130"}}) {
    EXPECT_EQ(TotpCode(kRfcSecret, TotpStep(At(seconds))), code) << seconds;
  }
  EXPECT_EQ(TotpCode(kRfcSecret, 0), "755224");
  EXPECT_EQ(TotpCode(kRfcSecret, 9), "520489");
}

TEST(TotpTest, TakesTheStepBeforeAndAfterAndNoOther) {
  const base::Time now = At(1'767'225'615);
  const int64_t step = TotpStep(now);
  for (int64_t off = -3; off <= 3; ++off) {
    const std::optional<int64_t> matched =
        MatchTotp(kRfcSecret, TotpCode(kRfcSecret, step + off), now);
    if (off >= -1 && off <= 1) {
      EXPECT_EQ(matched, step + off);
    } else {
      EXPECT_EQ(matched, std::nullopt) << off;
    }
  }
}

TEST(TotpTest, TakesNothingElse) {
  const base::Time now = At(59);
  for (const char* text : {"", "28708", "2870820", "287083", "28708a", "١٢٣٤٥٦"}) {
    EXPECT_EQ(MatchTotp(kRfcSecret, text, now), std::nullopt) << text;
  }
}

TEST(TotpTest, SecretsAreShownInBase32) {
  EXPECT_EQ(TotpSecretText(kRfcSecret), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
  // RFC 4648, section 10, without the padding.
  EXPECT_EQ(TotpSecretText("foob"), "MZXW6YQ");
  EXPECT_EQ(MakeTotpSecret().size(), 20u);
  EXPECT_NE(MakeTotpSecret(), MakeTotpSecret());
}

TEST(TotpTest, TheUriSaysAllThatAppsNeed) {
  EXPECT_EQ(TotpUri("Example & Co", "ada@example.com", kRfcSecret),
            "otpauth://totp/Example%20%26%20Co:ada%40example.com?secret="
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example%20%26%20Co&algorithm=SHA1&digits=6&"
            "period=30");
}

}  // namespace
}  // namespace gatehouse::auth
