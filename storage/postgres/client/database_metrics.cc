#include "storage/postgres/client/database_metrics.h"

namespace gatehouse::storage::postgres {

void DescribeMetrics(const Database& database, const std::string& name,
                     base::MetricFamilies& families) {
  const DatabaseStats stats = database.stats();
  const base::MetricFamilies::Labels labels{{"database", name}};
  families.Counter("database_statements", "Statements sent.", stats.statements, labels);
  families.Counter("database_prepares", "Statements prepared.", stats.prepares, labels);
  families.Counter("database_round_trips",
                   "Round trips, each of which may carry many calls' statements.", stats.syncs,
                   labels);
  families.Counter("database_retries", "Calls sent again after a stale plan or a stray cancel.",
                   stats.retries, labels);
  families.Counter("database_cancels", "Cancel requests sent.", stats.cancels, labels);
  families.Counter("database_connects", "Connections made.", stats.connects, labels);
  families.Counter("database_connect_failures", "Connections that could not be made.",
                   stats.connect_failures, labels);
  families.Counter("database_connections_lost", "Connections that broke.", stats.connections_lost,
                   labels);
  families.Gauge("database_connections", "Connections that are up.", stats.connections, labels);
  families.Gauge("database_in_flight", "Calls that Postgres is at work on.", stats.in_flight,
                 labels);
  families.Gauge("database_queued", "Calls that wait for a connection.", stats.queued, labels);
}

}  // namespace gatehouse::storage::postgres
