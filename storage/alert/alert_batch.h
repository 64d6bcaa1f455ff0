#ifndef GATEHOUSE_STORAGE_ALERT_ALERT_BATCH_H_
#define GATEHOUSE_STORAGE_ALERT_ALERT_BATCH_H_

#include <string_view>
#include <vector>

#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/alert/alert.h"

namespace gatehouse::storage {

namespace postgres {
class Batch;
}

// Adds the statement that makes alerts of `signals`, with their events by the principal of `ctx`:
// in the batch of the change that they are about, after its own statements. At most one signal for
// each alert; nothing is added if there are none.
void AppendAlerts(postgres::Batch& batch, const base::CallContext& ctx,
                  std::vector<AlertSignal> signals);

// That what alerts of these kinds are about is over for the endpoint.
std::vector<AlertSignal> EndpointAlertsOver(const base::Uuid& tenant_id,
                                            const base::Uuid& endpoint_id, base::Time now,
                                            std::vector<AlertKind> kinds,
                                            std::string_view resolution);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ALERT_ALERT_BATCH_H_
