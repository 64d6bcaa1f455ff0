#include "storage/alert/alert.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace gatehouse::storage
