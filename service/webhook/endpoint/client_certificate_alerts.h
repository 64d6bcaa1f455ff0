#ifndef GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_CLIENT_CERTIFICATE_ALERTS_H_
#define GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_CLIENT_CERTIFICATE_ALERTS_H_

#include "absl/status/status.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "storage/endpoint/endpoint_store.h"

namespace gatehouse::service {

// Makes alerts of the certificates of the context's tenant that receivers are shown and that expire
// within `before`, and takes back those about certificates that do not. For a PeriodicWorker.
//
// A deliverer would notice too late: an endpoint that gets an event once a month is told of the
// certificate all the same. Costs one statement while nothing changes.
base::Task<absl::Status> AlertClientCertificates(storage::EndpointStore* endpoints,
                                                 const base::Clock* clock, base::Duration before,
                                                 base::CallContext ctx);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_ENDPOINT_CLIENT_CERTIFICATE_ALERTS_H_
