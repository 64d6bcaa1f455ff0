#include "service/delivery/engine/engine_parts.h"

#include <optional>
#include <utility>

namespace gatehouse::service::delivery {

EngineParts::EngineParts(base::Loop& loop, Deps deps, Options options)
    : tasks(loop),
      presence({.tasks = tasks,
                .withdraw =
                    [this, &deliveries = deps.deliveries,
                     instance = options.instance_id](int64_t lock_key) {
                      return deliveries.Withdraw(tasks.Context(base::kDefaultTenantId), instance,
                                                 lock_key);
                    }}),
      cache(
          [&endpoints = deps.endpoints](base::CallContext ctx,
                                        std::optional<base::Uuid> tenant_id) {
            return endpoints.ListAll(std::move(ctx), tenant_id);
          },
          [this](const base::Uuid& tenant_id, const EndpointMap& endpoints) {
            public_keys.Replace(tenant_id, endpoints);
          }),
      flusher({.tasks = tasks,
               .queues = queues,
               .write =
                   [this, &deliveries = deps.deliveries, owner = options.instance_id,
                    lease = options.lease](storage::DeliveryFlush flush) {
                     return deliveries.Flush(tasks.Context(base::kDefaultTenantId), owner, lease,
                                             std::move(flush));
                   },
               .mark = [this] { return matcher.MarkAll(); },
               .on_written = [this] { dispatcher.Resume(); },
               .on_released =
                   [this](const QueuePtr& queue) {
                     dispatcher.RequestTurn(queue);
                     // What waited for a place among the unwritten ones.
                     reader.Feed(queue);
                   }},
              {.lease = options.lease, .interval = options.flush_interval}),
      dispatcher({.tasks = tasks,
                  .presence = presence,
                  .queues = queues,
                  .cache = cache,
                  .flusher = flusher,
                  .clock = deps.clock,
                  .send = std::move(deps.send),
                  .refill = [this](const QueuePtr& queue) { reader.Feed(queue); },
                  .disable = [this](const QueuePtr& queue) { settings.Disable(queue); }},
                 options.limits),
      reader({.tasks = tasks,
              .queues = queues,
              .logs = logs,
              .cache = cache,
              .log = deps.log,
              .deliveries = deps.deliveries,
              .flusher = flusher,
              .dispatcher = dispatcher,
              .clock = deps.clock}),
      leases({.tasks = tasks,
              .presence = presence,
              .queues = queues,
              .logs = logs,
              .cache = cache,
              .deliveries = deps.deliveries,
              .flusher = flusher,
              .reader = reader,
              .clock = deps.clock},
             {.instance_id = options.instance_id,
              .lease = options.lease,
              .idle_time = options.idle_time,
              .alert_bounds = options.alert_bounds}),
      settings({.tasks = tasks,
                .queues = queues,
                .cache = cache,
                .endpoints = deps.endpoints,
                .flusher = flusher,
                .dispatcher = dispatcher,
                .reader = reader,
                .leases = leases,
                .clock = deps.clock}),
      matcher({.tasks = tasks,
               .queues = queues,
               .logs = logs,
               .cache = cache,
               .log = deps.log,
               .deliveries = deps.deliveries,
               .feed = deps.feed,
               .flusher = flusher,
               .reader = reader,
               .leases = leases,
               .settings = settings,
               .clock = deps.clock}),
      backlogs({.tasks = tasks, .queues = queues, .logs = logs, .clock = deps.clock}) {}

}  // namespace gatehouse::service::delivery
