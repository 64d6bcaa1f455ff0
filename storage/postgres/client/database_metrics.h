#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_DATABASE_METRICS_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_DATABASE_METRICS_H_

#include <string>

#include "base/metric_families.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage::postgres {

// `name` tells the databases of a process apart, by a label.
void DescribeMetrics(const Database& database, const std::string& name,
                     base::MetricFamilies& families);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_DATABASE_METRICS_H_
