#ifndef GATEHOUSE_STORAGE_RETENTION_TENANT_RETENTION_H_
#define GATEHOUSE_STORAGE_RETENTION_TENANT_RETENTION_H_

#include <cstdint>
#include <optional>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// For how many days what is a tenant's own is kept. 0: for ever; nullopt: as the settings say.
struct TenantPeriods {
  std::optional<int32_t> events;
  std::optional<int32_t> ended_sessions;
  std::optional<int32_t> replays;
  std::optional<int32_t> alerts;
  std::optional<int32_t> messages;

  friend bool operator==(const TenantPeriods&, const TenantPeriods&) = default;
};

struct TenantRetention {
  base::Uuid tenant_id;
  TenantPeriods periods;
  base::Time update_time;
  // 0: nothing was ever said of the tenant.
  int64_t version = 0;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_RETENTION_TENANT_RETENTION_H_
