#include "service/common/regional.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::service {
namespace {

TEST(RegionalTest, KnowsTheNamesOfTimeZones) {
  for (const char* name : {"Europe/Berlin", "UTC", "Etc/UTC", "America/Argentina/Buenos_Aires",
                           "Asia/Calcutta", "EST", "CET", "GMT", "Etc/GMT+5", "US/Pacific"}) {
    EXPECT_TRUE(IsTimeZone(name)) << name;
  }
  for (const char* name : {"", "Nowhere/Bad", "Europe", "europe/berlin", "GMT+2", "+02:00",
                           "Etc/Unknown", "IST", "SystemV/PST8", "Europe/Berlin ", "\xff"}) {
    EXPECT_FALSE(IsTimeZone(name)) << name;
  }
}

TEST(RegionalTest, KnowsWellFormedLanguageTags) {
  for (const char* tag : {"de", "de-AT", "zh-Hant-TW", "sr-Latn-RS", "en-GB-oxendict", "x-private",
                          "de-CH-1996", "en-u-ca-gregory", "i-klingon", "DE-at"}) {
    EXPECT_TRUE(IsLanguageTag(tag)) << tag;
  }
  for (const char* tag : {"", "-", "--", "de_AT", "de-", "-de", "de--AT", "d", "toolonglang",
                          "de-AT-AT", "\xff", "de AT"}) {
    EXPECT_FALSE(IsLanguageTag(tag)) << tag;
  }
}

}  // namespace
}  // namespace gatehouse::service
