#ifndef GATEHOUSE_STORAGE_SUBSCRIPTION_SUBSCRIPTION_H_
#define GATEHOUSE_STORAGE_SUBSCRIPTION_SUBSCRIPTION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// A consumer that pulls events, and how far it has got in its tenant's log.
struct Subscription {
  base::Uuid tenant_id;
  std::string name;
  // Everything up to here is acknowledged, or was not asked for.
  int64_t position = 0;
  // Of the pull that has it.
  int64_t fence = 1;
  // Of the latest pull.
  std::vector<std::string> event_types;
  base::Time create_time;
  // When somebody pulled last, give or take some seconds.
  base::Time pull_time;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SUBSCRIPTION_SUBSCRIPTION_H_
