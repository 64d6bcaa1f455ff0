#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_ENGINE_PARTS_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_ENGINE_PARTS_H_

#include <chrono>

#include "base/async/loop.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/endpoint_cache.h"
#include "service/delivery/engine/dispatcher.h"
#include "service/delivery/engine/endpoint_settings.h"
#include "service/delivery/engine/engine_tasks.h"
#include "service/delivery/engine/flusher.h"
#include "service/delivery/engine/lease_holder.h"
#include "service/delivery/engine/local_backlogs.h"
#include "service/delivery/engine/log_matcher.h"
#include "service/delivery/engine/presence.h"
#include "service/delivery/engine/queue_map.h"
#include "service/delivery/engine/queue_reader.h"
#include "service/delivery/public_keys.h"
#include "service/delivery/queue/endpoint_alerts.h"
#include "service/delivery/tenant_log.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/event_log/event_log.h"
#include "storage/log_feed.h"

namespace gatehouse::service::delivery {

// The parts of an engine, connected. Each knows those above it; where it needs one below, it
// was given a function.
//
// Lifetime: tasks.StopAndJoin() before it goes, and no request is answered any more.
// Thread: the loop's, but for what the parts say.
struct EngineParts {
  struct Deps {
    storage::EndpointStore& endpoints;
    storage::DeliveryStore& deliveries;
    storage::EventLog& log;
    storage::LogFeed& feed;
    const base::Clock& clock;
    Dispatcher::SendFn send;
  };
  // As in EngineOptions.
  struct Options {
    base::Uuid instance_id;
    std::chrono::milliseconds lease;
    std::chrono::milliseconds flush_interval;
    std::chrono::milliseconds idle_time;
    Dispatcher::Limits limits;
    AlertBounds alert_bounds = {};
  };

  EngineParts(base::Loop& loop, Deps deps, Options options);
  EngineParts(const EngineParts&) = delete;
  EngineParts& operator=(const EngineParts&) = delete;

  EngineTasks tasks;
  Presence presence;
  QueueMap queues;
  TenantLogs logs;
  PublicKeys public_keys;
  EndpointCache cache;
  Flusher flusher;
  Dispatcher dispatcher;
  QueueReader reader;
  LeaseHolder leases;
  EndpointSettings settings;
  LogMatcher matcher;
  LocalBacklogs backlogs;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_ENGINE_PARTS_H_
