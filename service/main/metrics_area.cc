#include "service/main/metrics_area.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <chrono>
#include <string>
#include <utility>

namespace gatehouse::service {
namespace {

using prometheus::MetricType;
using storage::postgres::DatabaseStats;

// Collects families in order.
class Families {
 public:
  // Adds a value to the family added last.
  Families& With(std::vector<prometheus::ClientMetric::Label> labels, double value) {
    prometheus::MetricFamily& family = families_.back();
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    if (family.type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    family.metric.push_back(std::move(metric));
    return *this;
  }

  // `name` without the prefix of all.
  Families& Counter(const std::string& name, const std::string& help) {
    return Add(name + "_total", help, MetricType::Counter);
  }
  Families& Gauge(const std::string& name, const std::string& help) {
    return Add(name, help, MetricType::Gauge);
  }

  std::vector<prometheus::MetricFamily> Take() { return std::move(families_); }

 private:
  Families& Add(const std::string& name, const std::string& help, MetricType type) {
    families_.push_back({"gatehouse_" + name, help, type, {}});
    return *this;
  }

  std::vector<prometheus::MetricFamily> families_;
};

// The two that a server has, told apart by a label.
struct Databases {
  DatabaseStats shared;
  DatabaseStats sequencer;

  void Add(Families& families, auto DatabaseStats::* value) const {
    families.With({{"database", "shared"}}, static_cast<double>(shared.*value))
        .With({{"database", "sequencer"}}, static_cast<double>(sequencer.*value));
  }
};

void AddDatabase(const StorageArea& storage, Families& families) {
  const Databases databases{storage.database->stats(), storage.sequencer_database->stats()};
  const auto counter = [&](const char* name, const char* help, uint64_t DatabaseStats::* value) {
    families.Counter(std::string("database_") + name, help);
    databases.Add(families, value);
  };
  const auto gauge = [&](const char* name, const char* help, int64_t DatabaseStats::* value) {
    families.Gauge(std::string("database_") + name, help);
    databases.Add(families, value);
  };
  counter("statements", "Statements sent.", &DatabaseStats::statements);
  counter("prepares", "Statements prepared.", &DatabaseStats::prepares);
  counter("round_trips", "Round trips, each of which may carry many calls' statements.",
          &DatabaseStats::syncs);
  counter("retries", "Calls sent again after a stale plan or a stray cancel.",
          &DatabaseStats::retries);
  counter("cancels", "Cancel requests sent.", &DatabaseStats::cancels);
  counter("connects", "Connections made.", &DatabaseStats::connects);
  counter("connect_failures", "Connections that could not be made.",
          &DatabaseStats::connect_failures);
  counter("connections_lost", "Connections that broke.", &DatabaseStats::connections_lost);
  gauge("connections", "Connections that are up.", &DatabaseStats::connections);
  gauge("in_flight", "Calls that Postgres is at work on.", &DatabaseStats::in_flight);
  gauge("queued", "Calls that wait for a connection.", &DatabaseStats::queued);
}

void AddAuth(const AuthArea& auth, Families& families) {
  families.Counter("password_hashes", "Passwords hashed or verified, dummies included.")
      .With({}, static_cast<double>(auth.hasher.hash_count()));
  families.Gauge("password_hashes_queued", "Passwords that wait for a hashing thread.")
      .With({}, static_cast<double>(auth.hasher.queued()));
  const auth::VerdictCache::Stats cache = auth.authenticator.cache_stats();
  families.Gauge("verdict_cache_entries", "Credentials whose verdict is in memory.")
      .With({}, static_cast<double>(cache.entries));
  families.Counter("verdict_cache_hits", "Credentials found in memory.")
      .With({}, static_cast<double>(cache.hits));
  families.Counter("verdict_cache_misses", "Credentials not found in memory, or stale there.")
      .With({}, static_cast<double>(cache.misses));
  families.Counter("verdict_cache_evictions", "Verdicts given up because the cache was full.")
      .With({}, static_cast<double>(cache.evictions));
  families.Gauge("revocations", "Recent revocations kept in memory.")
      .With({}, static_cast<double>(auth.authenticator.revocation_count()));
  const std::chrono::duration<double> lag =
      std::chrono::steady_clock::now() - auth.authenticator.revocations_known_until();
  families.Gauge("revocation_lag_seconds", "Age of what is known of other servers' revocations.")
      .With({}, std::max(0.0, lag.count()));
}

void AddLog(const StorageArea& storage, const SequencerStats& sequencer, Families& families) {
  const std::chrono::duration<double> age = std::chrono::steady_clock::now() - sequencer.last_pass;
  families.Gauge("events_waiting", "Events that wait to be written.")
      .With({}, static_cast<double>(storage.events.waiting()));
  families.Gauge("sequencer_leads", "1 on the instance that gives events their place in the log.")
      .With({}, sequencer.leads ? 1 : 0);
  families.Gauge("sequencer_halted", "1 if the log stands still: LOG_ROLLED_BACK.")
      .With({}, sequencer.halted ? 1 : 0);
  families.Counter("sequencer_ordered_events", "Events that this instance gave their place.")
      .With({}, static_cast<double>(sequencer.ordered));
  families.Counter("sequencer_failed_passes", "Passes of the sequencer that failed.")
      .With({}, static_cast<double>(sequencer.failed_passes));
  families.Gauge("sequencer_last_pass_age_seconds", "Time since a pass last succeeded.")
      .With({}, age.count());
}

void AddWebhooks(const delivery::EngineStats& stats, Families& families) {
  families.Counter("webhook_requests", "Requests sent to webhook endpoints.")
      .With({}, static_cast<double>(stats.sent));
  families.Counter("webhook_attempts", "Attempts that ended, by result.")
      .With({{"result", "succeeded"}}, static_cast<double>(stats.succeeded))
      .With({{"result", "failed"}}, static_cast<double>(stats.failed));
  families.Gauge("webhook_in_flight", "Requests that wait for an answer.")
      .With({}, static_cast<double>(stats.in_flight));
  families.Gauge("webhook_endpoints", "Endpoints that this instance delivers to now.")
      .With({}, static_cast<double>(stats.lanes));
  families.Gauge("webhook_results_unwritten", "Results that are not in the database yet.")
      .With({}, static_cast<double>(stats.unflushed));
  families.Counter("webhook_flushes", "Statements that wrote results.")
      .With({}, static_cast<double>(stats.flushes));
  families.Counter("webhook_leases_lost", "Endpoints that another instance took over.")
      .With({}, static_cast<double>(stats.leases_lost));
}

}  // namespace

std::vector<prometheus::MetricFamily> MetricsArea::Collect() const {
  Families families;
  AddDatabase(storage_, families);
  AddAuth(auth_, families);
  AddLog(storage_, workers_.sequencer_stats(), families);
  families.Gauge("tails_waiting", "Streams of events that wait for their turn to read.")
      .With({}, static_cast<double>(services_.audit.waiting_tails()));
  AddWebhooks(workers_.webhook_stats(), families);
  return families.Take();
}

}  // namespace gatehouse::service
