#include "storage/alert/alert.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace gatehouse::storage {
namespace {

const base::Uuid kEndpoint = *base::Uuid::Parse("0190d1f0-0000-7000-8000-00000000000a");

// Ids are in databases: the same of every version.
TEST(AlertTest, AnIdIsMadeOfWhatTheAlertIsAbout) {
  const AlertKey key{base::kDefaultTenantId, AlertKind::kFailing, kEndpoint};
  EXPECT_EQ(key.Id(), AlertKey(key).Id());
  EXPECT_EQ(key.Id().ToString()[14], '8');
  std::set<base::Uuid> ids;
  for (int kind = 1; kind <= static_cast<int>(kLastAlertKind); ++kind) {
    for (const base::Uuid& endpoint : {kEndpoint, base::Uuid()}) {
      for (const base::Uuid& tenant : {base::kDefaultTenantId, kEndpoint}) {
        ids.insert(AlertKey{tenant, static_cast<AlertKind>(kind), endpoint}.Id());
      }
    }
  }
  EXPECT_EQ(ids.size(), 4u * static_cast<size_t>(kLastAlertKind));
}

TEST(AlertTest, SeverityRisesWithTheLevel) {
  EXPECT_EQ(SeverityOf(AlertKind::kFailing, 70), AlertSeverity::kWarning);
  EXPECT_EQ(SeverityOf(AlertKind::kFailing, 90), AlertSeverity::kCritical);
  EXPECT_EQ(SeverityOf(AlertKind::kCertificateExpiring, 1), AlertSeverity::kWarning);
  EXPECT_EQ(SeverityOf(AlertKind::kCertificateExpiring, 2), AlertSeverity::kCritical);
}

TEST(AlertTest, ACertificateIsTheWorseTheNearerItsEnd) {
  using std::chrono::days;
  using std::chrono::microseconds;
  const microseconds bit(1);
  EXPECT_EQ(CertificateLevel(days(14) + bit, days(14)), 0);
  EXPECT_EQ(CertificateLevel(days(14), days(14)), 1);
  EXPECT_EQ(CertificateLevel(days(3) + bit, days(14)), 1);
  EXPECT_EQ(CertificateLevel(days(3), days(14)), 2);
  EXPECT_EQ(CertificateLevel(bit, days(14)), 2);
  EXPECT_EQ(CertificateLevel(microseconds(0), days(14)), kCertificateExpiredLevel);
  // Told of late, if somebody wants so.
  EXPECT_EQ(CertificateLevel(days(2), days(1)), 0);
}

TEST(AlertTest, SomeKindsAreAboutTheServer) {
  EXPECT_FALSE(IsAboutServer(kLastDelivererKind));
  EXPECT_TRUE(IsAboutServer(AlertKind::kLogHalted));
  EXPECT_TRUE(IsAboutServer(AlertKind::kSigningKeyOverdue));
  EXPECT_FALSE(IsAboutServer(AlertKind::kClientCertificateExpiring));
}

}  // namespace
}  // namespace gatehouse::storage
