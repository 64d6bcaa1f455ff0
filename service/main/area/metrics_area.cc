#include "service/main/area/metrics_area.h"

#include <prometheus/client_metric.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <utility>

#include "auth/password/password_metrics.h"
#include "auth/verdict/authenticator_metrics.h"
#include "base/metric_families.h"
#include "service/audit/audit_metrics.h"
#include "service/delivery/backlog_metrics.h"
#include "service/delivery/engine_metrics.h"
#include "service/event_log/sequencer_metrics.h"
#include "service/mail/outbox/mail_metrics.h"
#include "service/retention/retention_metrics.h"
#include "service/schema/event_schemas_metrics.h"
#include "service/session/login/login_failures_metrics.h"
#include "service/webhook/replay/replay_metrics.h"
#include "storage/event_log/event_store_metrics.h"
#include "storage/postgres/client/database_metrics.h"
#include "storage/postgres/client/standby/standby_metrics.h"

namespace gatehouse::service {
namespace {

using base::MetricFamilies;
using prometheus::ClientMetric;

prometheus::MetricFamily ToPrometheus(const MetricFamilies::Family& described) {
  const bool counts = described.type == MetricFamilies::Type::kCounter;
  prometheus::MetricFamily family{
      "gatehouse_" + described.name + (counts ? "_total" : ""),
      described.help,
      counts ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge,
      {}};
  for (const MetricFamilies::Value& value : described.values) {
    ClientMetric metric;
    for (const auto& [name, text] : value.labels) metric.label.push_back({name, text});
    (counts ? metric.counter.value : metric.gauge.value) = value.value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace

std::vector<prometheus::MetricFamily> MetricsArea::Collect() const {
  MetricFamilies families;
  DescribeMetrics(*storage_.database, "shared", families);
  DescribeMetrics(*storage_.sequencer_database, "sequencer", families);
  DescribeStandby(*storage_.database, families);
  DescribeMetrics(auth_.hasher, families);
  DescribeMetrics(auth_.login_failures, families);
  DescribeMetrics(services_.event_schemas, families);
  DescribeMetrics(auth_.authenticator, families);
  DescribeMetrics(storage_.events, families);
  DescribeMetrics(workers_.sequencer(), families);
  DescribeMetrics(services_.audit, families);
  DescribeMetrics(workers_.webhooks(), families);
  DescribeMetrics(workers_.backlogs(), families);
  DescribeMetrics(workers_.replays(), families);
  DescribeMetrics(workers_.retention(), families);
  DescribeMetrics(workers_.mails(), families);
  DescribeMetrics(services_.mail_requests, families);

  std::vector<prometheus::MetricFamily> collected;
  for (const MetricFamilies::Family& family : families.families()) {
    collected.push_back(ToPrometheus(family));
  }
  return collected;
}

}  // namespace gatehouse::service
