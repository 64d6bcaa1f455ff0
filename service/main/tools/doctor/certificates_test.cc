#include "service/main/tools/doctor/certificates.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace gatehouse::service {
namespace {

using Level = Finding::Level;
using std::chrono::days;
using std::chrono::hours;

const base::Time kNow = base::TimeFromMicros(1'700'000'000'000'000);

CertificateValidity Valid(base::Duration from, base::Duration until, std::string subject = "CN=a") {
  return {.subject = std::move(subject), .not_before = kNow + from, .not_after = kNow + until};
}

Finding Judged(const std::vector<CertificateValidity>& certificates) {
  Findings findings;
  JudgeCertificates("it", certificates, kNow, findings);
  EXPECT_EQ(findings.all().size(), 1u);
  const Finding& found = findings.all().at(0);
  EXPECT_EQ(found.check, "tls");
  EXPECT_EQ(found.level == Level::kOk, found.advice.empty()) << found.text;
  return found;
}

TEST(CertificatesTest, WhatEndsSoonIsAWarningAndWhatHasEndedAFailure) {
  EXPECT_EQ(Judged({Valid(days(-1), days(90))}).level, Level::kOk);
  EXPECT_EQ(Judged({Valid(days(-1), days(14))}).level, Level::kOk);
  const Finding soon = Judged({Valid(days(-1), days(14) - hours(1))});
  EXPECT_EQ(soon.level, Level::kWarning);
  EXPECT_EQ(soon.text, "it (CN=a) expires in 13 days");
  EXPECT_EQ(Judged({Valid(days(-1), hours(1))}).level, Level::kWarning);
  EXPECT_EQ(Judged({Valid(days(-90), hours(0))}).level, Level::kFailure);
  const Finding ended = Judged({Valid(days(-90), -hours(30))});
  EXPECT_EQ(ended.level, Level::kFailure);
  EXPECT_EQ(ended.text, "it (CN=a) expired 1 day ago");
}

TEST(CertificatesTest, WhatHasNotBegunIsAFailure) {
  EXPECT_EQ(Judged({Valid(hours(1), days(90))}).level, Level::kFailure);
}

TEST(CertificatesTest, OfAChainTheFirstThatEndsCounts) {
  const Finding found =
      Judged({Valid(days(-1), days(90), "CN=server"), Valid(days(-1), days(3), "CN=between"),
              Valid(days(-1), days(900), "CN=root")});
  EXPECT_EQ(found.level, Level::kWarning);
  EXPECT_EQ(found.text, "it (CN=between) expires in 3 days");
}

TEST(CertificatesTest, WithoutTlsThereIsNothingToEnd) {
  Findings findings;
  LookAtCertificates({}, kNow, findings);
  ASSERT_EQ(findings.all().size(), 1u);
  EXPECT_EQ(findings.all()[0].level, Level::kOk);
}

TEST(CertificatesTest, AFileThatIsNoneIsToldElsewhere) {
  EXPECT_TRUE(ReadCertificates("/nonexistent.pem").empty());
  EXPECT_TRUE(ReadCertificates("/dev/null").empty());
}

}  // namespace
}  // namespace gatehouse::service
