#ifndef GATEHOUSE_SERVICE_ALERT_ALERT_SERVICE_H_
#define GATEHOUSE_SERVICE_ALERT_ALERT_SERVICE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/alert.pb.h"
#include "rpc/method/message_stream.h"
#include "service/common/idempotent.h"
#include "service/common/log_tail.h"
#include "service/common/page_token.h"
#include "storage/alert/alert_destination_store.h"
#include "storage/alert/alert_store.h"

namespace gatehouse::service {

namespace mail {
class MailComposer;
}

struct AlertEdit;

// gatehouse.v1.AlertService; what each method does stands in the .proto file.
//
// Immutable; its methods run on the loop of their context, any number at a time.
// What it is made of outlives it, and it outlives its calls.
class AlertService {
 public:
  struct Deps {
    storage::AlertStore& alerts;
    LogTail& tail;
    IdempotentCalls& once;
    const PageTokens& page_tokens;
    const base::Clock& clock;
    storage::AlertDestinationStore& destinations;
    const mail::MailComposer& mail_composer;
  };

  explicit AlertService(Deps deps) : deps_(deps) {}

  template <typename T>
  using Result = base::Task<absl::StatusOr<T>>;

  Result<v1::ListAlertsResponse> ListAlerts(base::CallContext ctx, v1::ListAlertsRequest request);
  Result<v1::GetAlertResponse> GetAlert(base::CallContext ctx, v1::GetAlertRequest request);
  Result<v1::AcknowledgeAlertResponse> AcknowledgeAlert(base::CallContext ctx,
                                                        v1::AcknowledgeAlertRequest request,
                                                        MutationKey key = {});
  Result<v1::ResolveAlertResponse> ResolveAlert(base::CallContext ctx,
                                                v1::ResolveAlertRequest request,
                                                MutationKey key = {});
  base::Task<absl::Status> WatchAlerts(base::CallContext ctx, v1::WatchAlertsRequest request,
                                       rpc::Writer<v1::WatchAlertsResponse> writer);

  Result<v1::CreateAlertDestinationResponse> CreateAlertDestination(
      base::CallContext ctx, v1::CreateAlertDestinationRequest request, MutationKey key = {});
  Result<v1::GetAlertDestinationResponse> GetAlertDestination(
      base::CallContext ctx, v1::GetAlertDestinationRequest request);
  Result<v1::ListAlertDestinationsResponse> ListAlertDestinations(
      base::CallContext ctx, v1::ListAlertDestinationsRequest request);
  Result<v1::UpdateAlertDestinationResponse> UpdateAlertDestination(
      base::CallContext ctx, v1::UpdateAlertDestinationRequest request, MutationKey key = {});
  Result<v1::DeleteAlertDestinationResponse> DeleteAlertDestination(
      base::CallContext ctx, v1::DeleteAlertDestinationRequest request, MutationKey key = {});

  // What runs its mutations.
  IdempotentCalls& once() const { return deps_.once; }

 private:
  // NOT_FOUND, ALERT_NOT_FOUND if there is none that the caller may see.
  base::Task<absl::StatusOr<storage::Alert>> Read(base::CallContext ctx, base::Uuid id);

  // NOT_FOUND, ALERT_NOT_FOUND if there is none.
  Result<storage::AlertDestination> ReadDestination(base::CallContext ctx, base::Uuid id);

  // Changes an alert, with its event; the answer is the alert as it is then.
  template <typename Response>
  Result<Response> Edit(base::CallContext ctx, AlertEdit edit, MutationKey key);

  const Deps deps_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_ALERT_ALERT_SERVICE_H_
