#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_STANDBY_METRICS_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_STANDBY_METRICS_H_

#include "base/metric_families.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage::postgres {

// What a standby does for `database`, and how its connections are; zeros without one.
void DescribeStandby(const Database& database, base::MetricFamilies& families);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_STANDBY_STANDBY_METRICS_H_
