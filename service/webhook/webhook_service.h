#ifndef GATEHOUSE_SERVICE_WEBHOOK_WEBHOOK_SERVICE_H_
#define GATEHOUSE_SERVICE_WEBHOOK_WEBHOOK_SERVICE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/semaphore.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "rpc/method/message_stream.h"
#include "service/common/idempotent.h"
#include "service/common/log_following.h"
#include "service/common/page_token.h"
#include "service/delivery/http/http_sender.h"
#include "service/schema/event_schemas.h"
#include "service/webhook/endpoint/endpoint_rules.h"
#include "service/webhook/webhook_messages.h"
#include "storage/delivery/delivery_store.h"
#include "storage/endpoint/endpoint_store.h"
#include "storage/event_log/event_log.h"
#include "storage/event_log/event_store.h"
#include "storage/event_type/event_type_store.h"
#include "storage/log_feed.h"
#include "storage/replay/replay_store.h"
#include "storage/subscription/subscription_store.h"

namespace gatehouse::service {

struct AskedRange;
struct EndpointEdit;

// gatehouse.v1.WebhookService; what each method does stands in the .proto file.
//
// Its methods run on the loop of their context, any number at a time.
// What it is made of outlives it, and it outlives its calls.
class WebhookService {
 public:
  using SendFn = std::function<base::Task<absl::StatusOr<delivery::HttpResult>>(
      base::CallContext ctx, delivery::HttpRequest request)>;
  // Whether the tenant lets its deliveries be as far behind as they are; BacklogWatch::Check.
  using CheckBacklogFn = std::function<absl::Status(const base::Uuid& tenant_id,
                                                    std::optional<base::Duration> max_age)>;
  // WebhookEngine::EndpointChanged.
  using OnEndpointChangedFn =
      std::function<void(const base::Uuid& tenant_id, std::optional<base::Uuid> endpoint_id)>;
  struct Deps {
    storage::EndpointStore& endpoints;
    storage::DeliveryStore& deliveries;
    storage::EventStore& events;
    storage::EventTypeStore& event_types;
    storage::EventLog& log;
    storage::LogFeed& feed;
    storage::ReplayStore& replays;
    storage::SubscriptionStore& subscriptions;
    // Of event types; told after each committed change of the catalogue.
    EventSchemas& schemas;
    IdempotentCalls& once;
    const PageTokens& page_tokens;
    const base::Clock& clock;
    // Told after each committed change of an endpoint, before the answer: nothing
    // is sent with its old settings from then on.
    OnEndpointChangedFn on_endpoint_changed;
    // Sends a request as deliveries are sent: WebhookEngine::Send.
    SendFn send;
    // Empty: as far as they like.
    CheckBacklogFn check_backlog = {};
  };

  struct Options {
    // How often a stream looks whether there is something new, and whether its caller may still
    // read it, as the .proto file promises.
    std::chrono::milliseconds stream_pause{1000};
    // When a pull that has had nothing to send says how far it is.
    std::chrono::milliseconds stream_heartbeat = kHeartbeat;
    // Streams that may ask the database something at a time; see LogTail::Options.
    size_t max_asking_streams = 32;
  };

  WebhookService(Deps deps, UrlPolicy url_policy, Options options)
      : deps_(std::move(deps)),
        url_policy_(std::move(url_policy)),
        options_(options),
        stream_turns_(options.max_asking_streams) {}

  template <typename T>
  using Result = base::Task<absl::StatusOr<T>>;

  Result<v1::CreateEndpointResponse> CreateEndpoint(base::CallContext ctx,
                                                    v1::CreateEndpointRequest request,
                                                    MutationKey key = {});
  Result<v1::GetEndpointResponse> GetEndpoint(base::CallContext ctx,
                                              v1::GetEndpointRequest request);
  Result<v1::ListEndpointsResponse> ListEndpoints(base::CallContext ctx,
                                                  v1::ListEndpointsRequest request);
  Result<v1::UpdateEndpointResponse> UpdateEndpoint(base::CallContext ctx,
                                                    v1::UpdateEndpointRequest request,
                                                    MutationKey key = {});
  Result<v1::DeleteEndpointResponse> DeleteEndpoint(base::CallContext ctx,
                                                    v1::DeleteEndpointRequest request,
                                                    MutationKey key = {});
  Result<v1::PauseEndpointResponse> PauseEndpoint(base::CallContext ctx,
                                                  v1::PauseEndpointRequest request,
                                                  MutationKey key = {});
  Result<v1::ResumeEndpointResponse> ResumeEndpoint(base::CallContext ctx,
                                                    v1::ResumeEndpointRequest request,
                                                    MutationKey key = {});
  Result<v1::RotateSecretResponse> RotateSecret(base::CallContext ctx,
                                                v1::RotateSecretRequest request,
                                                MutationKey key = {});
  Result<v1::GetPublicKeysResponse> GetPublicKeys(base::CallContext ctx,
                                                  v1::GetPublicKeysRequest request);
  Result<v1::TestEndpointResponse> TestEndpoint(base::CallContext ctx,
                                                v1::TestEndpointRequest request,
                                                MutationKey key = {});
  Result<v1::PublishEventResponse> PublishEvent(base::CallContext ctx,
                                                v1::PublishEventRequest request,
                                                MutationKey key = {});
  Result<v1::BatchPublishEventsResponse> BatchPublishEvents(base::CallContext ctx,
                                                            v1::BatchPublishEventsRequest request,
                                                            MutationKey key = {});
  Result<v1::CreateEventTypeResponse> CreateEventType(base::CallContext ctx,
                                                      v1::CreateEventTypeRequest request,
                                                      MutationKey key = {});
  Result<v1::GetEventTypeResponse> GetEventType(base::CallContext ctx,
                                                v1::GetEventTypeRequest request);
  Result<v1::ListEventTypesResponse> ListEventTypes(base::CallContext ctx,
                                                    v1::ListEventTypesRequest request);
  Result<v1::UpdateEventTypeResponse> UpdateEventType(base::CallContext ctx,
                                                      v1::UpdateEventTypeRequest request,
                                                      MutationKey key = {});
  Result<v1::DeleteEventTypeResponse> DeleteEventType(base::CallContext ctx,
                                                      v1::DeleteEventTypeRequest request,
                                                      MutationKey key = {});
  Result<v1::ListDeliveriesResponse> ListDeliveries(base::CallContext ctx,
                                                    v1::ListDeliveriesRequest request);
  Result<v1::GetDeliveryResponse> GetDelivery(base::CallContext ctx,
                                              v1::GetDeliveryRequest request);
  Result<v1::RedeliverEventResponse> RedeliverEvent(base::CallContext ctx,
                                                    v1::RedeliverEventRequest request,
                                                    MutationKey key = {});
  Result<v1::ExplainDeliveryResponse> ExplainDelivery(base::CallContext ctx,
                                                      v1::ExplainDeliveryRequest request);
  Result<v1::PreviewEventResponse> PreviewEvent(base::CallContext ctx,
                                                v1::PreviewEventRequest request);
  Result<v1::ReconcileDeliveriesResponse> ReconcileDeliveries(
      base::CallContext ctx, v1::ReconcileDeliveriesRequest request);
  Result<v1::ReplayEventsResponse> ReplayEvents(base::CallContext ctx,
                                                v1::ReplayEventsRequest request,
                                                MutationKey key = {});
  Result<v1::GetReplayResponse> GetReplay(base::CallContext ctx, v1::GetReplayRequest request);
  Result<v1::ListReplaysResponse> ListReplays(base::CallContext ctx,
                                              v1::ListReplaysRequest request);
  Result<v1::CancelReplayResponse> CancelReplay(base::CallContext ctx,
                                                v1::CancelReplayRequest request,
                                                MutationKey key = {});
  base::Task<absl::Status> WatchReplay(base::CallContext ctx, v1::WatchReplayRequest request,
                                       rpc::Writer<v1::WatchReplayResponse> writer);
  base::Task<absl::Status> PullEvents(base::CallContext ctx,
                                      rpc::Reader<v1::PullEventsRequest> reader,
                                      rpc::Writer<v1::PullEventsResponse> writer);
  Result<v1::ListSubscriptionsResponse> ListSubscriptions(base::CallContext ctx,
                                                          v1::ListSubscriptionsRequest request);
  Result<v1::DeleteSubscriptionResponse> DeleteSubscription(base::CallContext ctx,
                                                            v1::DeleteSubscriptionRequest request,
                                                            MutationKey key = {});

  // What runs its mutations; these are a single batch each.
  IdempotentCalls& once() const { return deps_.once; }
  static Replay ReplayOf(const v1::CreateEndpointRequest& /*request*/) {
    return Replay::kOnConflict;
  }
  static Replay ReplayOf(const v1::PublishEventRequest& /*request*/) { return Replay::kOnConflict; }
  static Replay ReplayOf(const v1::BatchPublishEventsRequest& /*request*/) {
    return Replay::kOnConflict;
  }
  static Replay ReplayOf(const v1::CreateEventTypeRequest& /*request*/) {
    return Replay::kOnConflict;
  }

 private:
  static absl::Status EndpointNotFound();
  // EndpointNotFound() if there is none.
  base::Task<absl::StatusOr<storage::EndpointWithHealth>> Read(base::CallContext ctx,
                                                               base::Uuid id);
  // NOT_FOUND, EVENT_NOT_FOUND if there is none, or if it is no longer kept.
  base::Task<absl::StatusOr<storage::LoggedEvent>> ReadEvent(base::CallContext ctx, base::Uuid id);
  // The event of the same ordering key that must be delivered to the endpoint, or be exhausted,
  // before `event` is sent; nullopt: there is none.
  base::Task<absl::StatusOr<std::optional<base::Uuid>>> FindPredecessor(base::CallContext ctx,
                                                                        storage::Endpoint endpoint,
                                                                        storage::LoggedEvent event);
  // The index of the endpoint's creation: what comes after it is the endpoint's.
  base::Task<absl::StatusOr<int64_t>> CreatedIndex(base::CallContext ctx,
                                                   storage::Endpoint endpoint);
  // NOT_FOUND, REPLAY_NOT_FOUND if there is none.
  base::Task<absl::StatusOr<storage::Replay>> ReadReplay(base::CallContext ctx, base::Uuid id);
  // Takes over the subscription of that name, or makes it as `asked`, to begin where `from` says.
  base::Task<absl::StatusOr<storage::Subscription>> OpenSubscription(base::CallContext ctx,
                                                                     storage::Subscription asked,
                                                                     AskedRange from);
  // FAILED_PRECONDITION, DELIVERY_PENDING for an event whose first attempt at the endpoint comes by
  // itself.
  base::Task<absl::Status> CheckNotPending(base::CallContext ctx,
                                           storage::EndpointWithHealth endpoint,
                                           storage::LoggedEvent event);

  // NOT_FOUND, EVENT_TYPE_NOT_FOUND if the catalogue has none of that name.
  base::Task<absl::StatusOr<storage::EventType>> ReadEventType(base::CallContext ctx,
                                                               std::string name);
  // What a call that publishes says about the backlog; see its .proto.
  absl::Status CheckBacklog(const base::CallContext& ctx, std::optional<base::Duration> max_age);

  // Changes an endpoint, with its event; the answer is the endpoint as it is then.
  template <typename Response>
  Result<Response> Edit(base::CallContext ctx, EndpointEdit edit, MutationKey key);

  Deps deps_;
  UrlPolicy url_policy_;
  const Options options_;
  base::Semaphore stream_turns_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_WEBHOOK_SERVICE_H_
