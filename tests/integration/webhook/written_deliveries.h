#ifndef GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_WRITTEN_DELIVERIES_H_
#define GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_WRITTEN_DELIVERIES_H_

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/async/task.h"
#include "base/call_context.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/main/area/storage_area.h"
#include "storage/delivery/delivery_store.h"
#include "storage/event_log/sequencer.h"
#include "tests/integration/webhook/webhook_service_fixture.h"

namespace gatehouse::tests {

// An endpoint for "order.*", and what an engine would have written about events sent to it.
class WrittenDeliveries : public WebhookServiceFixture {
 protected:
  void SetUp() override {
    WebhookServiceFixture::SetUp();
    CreateOwnEndpoint();
    Sequence();
  }
  // In the place of the one there is.
  void CreateOwnEndpoint() {
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url("https://example.com/hook");
    request.mutable_endpoint()->add_event_types("order.*");
    const auto created = Call<v1::CreateEndpointResponse>(actor(), request);
    ASSERT_TRUE(created.ok()) << created.message;
    key_ = {base::kDefaultTenantId, *base::Uuid::Parse(created.response.endpoint().id())};
  }

  // An administrator, logged in on the day that it is.
  const Caller& actor() const { return next_day_.credential.empty() ? admin() : next_day_; }

  // The next day begins, and attempts from before it are no longer kept.
  void ForgetAttempts() {
    clock().Advance(std::chrono::days(1));
    next_day_ = backend().LogIn("admin");
    const auto today = std::chrono::floor<std::chrono::days>(clock().Now()).time_since_epoch();
    const std::string date = "date '1970-01-01' + " + std::to_string(today.count());
    Ask("SELECT gatehouse.create_daily_partition('webhook_attempt', 'attempt_id', " + date + ")");
    Ask("SELECT gatehouse.drop_attempt_day(" + date + ")");
  }

  std::string endpoint_id() const { return key_.endpoint_id.ToString(); }

  std::string Publish(const std::string& type) {
    v1::PublishEventRequest request;
    request.set_type(type);
    const auto outcome = Call<v1::PublishEventResponse>(actor(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.event_id();
  }
  // Orders everything that is committed.
  void Sequence() {
    for (;;) {
      const absl::StatusOr<storage::SequencerPass> pass =
          backend().runner.Run<absl::StatusOr<storage::SequencerPass>>(
              [&] { return storage().sequencer.RunPass(backend().SystemContext(), 1000); });
      ASSERT_TRUE(pass.ok()) << pass.status();
      if (!pass->more && pass->batches.empty()) return;
    }
  }
  std::string IndexOf(const std::string& event_id) {
    return Ask("SELECT index FROM gatehouse.event_order WHERE event_id = '" + event_id + "'");
  }
  std::string CountEvents(const std::string& type) {
    return Ask("SELECT count(*) FROM gatehouse.event WHERE type = '" + type + "'");
  }

  // The event, which is ordered, was tried so often, and its last attempt succeeded unless `state`
  // says what it is. The endpoint has got as far as that.
  void WriteAttempts(const std::string& event_id, int attempts,
                     std::optional<storage::DeliveryState> state) {
    storage::ExceptionRecord record{.key = key_,
                                    .event_index = std::stoll(IndexOf(event_id)),
                                    .event_id = *base::Uuid::Parse(event_id),
                                    .event_type = "order.paid",
                                    .attempts = attempts,
                                    .due = clock().Now() + std::chrono::minutes(5),
                                    .state = state.value_or(storage::DeliveryState::kSucceeded)};
    storage::DeliveryFlush flush;
    flush.progress.push_back({.key = key_, .position = record.event_index, .next_due = record.due});
    for (int i = 1; i <= attempts; ++i) {
      clock().Advance(std::chrono::milliseconds(1));
      const bool ok = i == attempts && !state;
      flush.attempts.push_back({.key = key_,
                                .event_index = record.event_index,
                                .attempt_id = base::Uuid::MakeV7(clock().Now()),
                                .event_id = record.event_id,
                                .event_type = record.event_type,
                                .start_time = clock().Now(),
                                .latency = std::chrono::milliseconds(7),
                                .status_code = ok ? 200 : 500,
                                .error_class = ok ? "" : "status",
                                .response_head = "answer"});
    }
    if (state) flush.exceptions.push_back(record);
    const absl::Status status = backend().runner.Run<absl::Status>(
        [&] { return Write(&storage().deliveries, backend().SystemContext(), std::move(flush)); });
    ASSERT_TRUE(status.ok()) << status;
  }

  void DeleteEndpoint() {
    v1::DeleteEndpointRequest request;
    request.set_endpoint_id(endpoint_id());
    const auto outcome = Call<v1::DeleteEndpointResponse>(actor(), request);
    ASSERT_TRUE(outcome.ok()) << outcome.message;
  }

 private:
  service::StorageArea& storage() { return *backend().storage; }

  static base::Task<absl::Status> Write(storage::DeliveryStore* store, base::CallContext ctx,
                                        storage::DeliveryFlush flush) {
    storage::DeliveryProgress& progress = flush.progress.at(0);
    const storage::EndpointKey key = progress.key;
    const base::Uuid owner = base::Uuid::MakeV7(base::TimeFromMicros(1));
    GH_CO_RETURN_IF_ERROR(
        (co_await store->AdvanceFanout(ctx, key.tenant_id, 0, progress.position,
                                       {{.endpoint_id = key.endpoint_id, .created_index = 1}}))
            .status());
    const auto lease =
        co_await store->Lease(ctx, owner, std::chrono::seconds(60), {{key, progress.position}});
    GH_CO_RETURN_IF_ERROR(lease.status());
    progress.fence = lease->at(0).fence;
    const int64_t fence = progress.fence;
    const int64_t position = progress.position;
    GH_CO_RETURN_IF_ERROR(
        (co_await store->Flush(ctx, owner, std::chrono::seconds(60), flush)).status());
    co_return co_await store->ReleaseLeases(
        ctx, {{.key = key, .fence = fence, .position = position, .done = true}});
  }

  storage::EndpointKey key_;
  Caller next_day_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_WRITTEN_DELIVERIES_H_
