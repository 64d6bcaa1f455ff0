#ifndef GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_REPLAY_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_REPLAY_FIXTURE_H_

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "gatehouse/v1/webhook.pb.h"
#include "service/webhook/replay/replay_worker.h"
#include "tests/integration/webhook/written_deliveries.h"
#include "tests/support/grpc_client.h"

namespace gatehouse::tests {

// Replays of events to one endpoint, and a worker that goes on with them when a test says so.
class ReplayFixture : public WrittenDeliveries {
 protected:
  // What begins its schedule anew.
  static constexpr char kBegun[] =
      "SELECT count(*) FROM gatehouse.webhook_exception WHERE attempts = 0 AND state = 2";

  void Configure(TestBackend::Options& options) override {
    WrittenDeliveries::Configure(options);
    options.webhooks.stream_pause = std::chrono::milliseconds(5);
  }
  void SetUp() override {
    WrittenDeliveries::SetUp();
    worker_ = MakeWorker();
    request_.set_endpoint_id(endpoint_id());
  }

  std::unique_ptr<service::ReplayWorker> MakeWorker() {
    service::StorageArea& storage = *backend().storage;
    return std::make_unique<service::ReplayWorker>(
        backend().runner.loop(), service::ReplayWorker::Deps{.replays = storage.replays,
                                                             .endpoints = storage.endpoints,
                                                             .log = storage.log,
                                                             .feed = storage.feed,
                                                             .clock = clock()});
  }
  void Turn(service::ReplayWorker& worker) {
    const absl::Status status = backend().runner.Run<absl::Status>(
        [&] { return worker.RunOnce(backend().SystemContext()); });
    EXPECT_TRUE(status.ok()) << status;
  }
  void Turn() { Turn(*worker_); }

  // Events of which nothing was ever sent, and that do not come by themselves.
  void MakeNeverSent(int count) {
    for (int i = 0; i < count; ++i) Publish("order.paid");
    const std::string last = Publish("order.paid");
    Sequence();
    WriteAttempts(last, 1, std::nullopt);
  }

  UnaryOutcome<v1::ReplayEventsResponse> Replay() {
    return Call<v1::ReplayEventsResponse>(actor(), request_);
  }
  v1::Replay Start() {
    const auto outcome = Replay();
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.replay();
  }
  v1::Replay DryRun() {
    v1::ReplayEventsRequest request = request_;
    request.set_validate_only(true);
    const auto outcome = Call<v1::ReplayEventsResponse>(actor(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    EXPECT_EQ(outcome.response.next_index(), 0);
    return outcome.response.replay();
  }
  UnaryOutcome<v1::GetReplayResponse> GetAs(const Caller& caller, const std::string& id) {
    v1::GetReplayRequest request;
    request.set_replay_id(id);
    return Call<v1::GetReplayResponse>(caller, request);
  }
  v1::Replay Get(const std::string& id) {
    const auto outcome = GetAs(admin(), id);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.replay();
  }
  UnaryOutcome<v1::CancelReplayResponse> CancelAs(const Caller& caller, const std::string& id) {
    v1::CancelReplayRequest request;
    request.set_replay_id(id);
    return Call<v1::CancelReplayResponse>(caller, request);
  }
  std::unique_ptr<ClientStream> WatchAs(const Caller& caller, const std::string& id) {
    v1::WatchReplayRequest request;
    request.set_replay_id(id);
    CallOptions options;
    options.metadata.emplace_back("authorization", "Bearer " + caller.credential);
    auto stream = raw_client().Open("/gatehouse.v1.WebhookService/WatchReplay", options);
    EXPECT_TRUE(stream->Write(request.SerializeAsString()));
    EXPECT_TRUE(stream->WritesDone());
    return stream;
  }
  void SetEndpoint(const std::string& assignments) {
    Ask("UPDATE gatehouse.endpoint SET " + assignments + " RETURNING 1");
  }
  void SetDelivery(const std::string& assignments) {
    Ask("UPDATE gatehouse.endpoint_delivery SET " + assignments + " RETURNING 1");
  }

  std::unique_ptr<service::ReplayWorker> worker_;
  v1::ReplayEventsRequest request_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_REPLAY_FIXTURE_H_
