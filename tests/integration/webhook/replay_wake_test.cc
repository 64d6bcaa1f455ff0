#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gatehouse/v1/webhook.pb.h"
#include "service/webhook/replay/replay_worker.h"
#include "storage/event_log/sequencer.h"
#include "storage/log_feed.h"
#include "tests/integration/webhook/written_deliveries.h"
#include "tests/support/grpc_client.h"

namespace gatehouse::tests {
namespace {

using service::ReplayWorker;
using std::chrono::milliseconds;

// A worker that runs, has found no replay, and would look by itself long after the test.
class ReplayWakeTest : public WrittenDeliveries {
 protected:
  void Configure(TestBackend::Options& options) override {
    WrittenDeliveries::Configure(options);
    options.webhooks.stream_pause = milliseconds(5);
  }
  void SetUp() override {
    WrittenDeliveries::SetUp();
    for (int i = 0; i < 3; ++i) Publish("order.paid");
    const std::string last = Publish("order.paid");
    Sequence();
    // So that the others do not come by themselves.
    WriteAttempts(last, 1, std::nullopt);
    service::StorageArea& storage = *backend().storage;
    worker_ = std::make_unique<ReplayWorker>(backend().runner.loop(),
                                             ReplayWorker::Deps{.replays = storage.replays,
                                                                .endpoints = storage.endpoints,
                                                                .log = storage.log,
                                                                .feed = storage.feed,
                                                                .clock = clock()},
                                             std::chrono::hours(24));
    const absl::Status status = backend().runner.Run<absl::Status>(
        [&] { return worker_->RunOnce(backend().SystemContext()); });
    ASSERT_TRUE(status.ok()) << status;
    worker_->Start();
  }
  void TearDown() override {
    worker_.reset();
    WrittenDeliveries::TearDown();
  }

  std::string StartReplay() {
    v1::ReplayEventsRequest request;
    request.set_endpoint_id(endpoint_id());
    const auto outcome = Call<v1::ReplayEventsResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.replay().id();
  }
  // As of its success, for which there is no limit but the test's own.
  v1::Replay WaitForEnd(const std::string& id) {
    v1::WatchReplayRequest request;
    request.set_replay_id(id);
    CallOptions options;
    options.metadata.emplace_back("authorization", "Bearer " + admin().credential);
    const auto stream = raw_client().Open("/gatehouse.v1.WebhookService/WatchReplay", options);
    EXPECT_TRUE(stream->Write(request.SerializeAsString()));
    EXPECT_TRUE(stream->WritesDone());
    v1::WatchReplayResponse message;
    std::string bytes;
    while (message.replay().state() != v1::REPLAY_STATE_SUCCEEDED && stream->Read(&bytes)) {
      EXPECT_TRUE(message.ParseFromString(bytes));
    }
    return message.replay();
  }

  std::unique_ptr<ReplayWorker> worker_;
};

TEST_F(ReplayWakeTest, TheLogWakesIt) {
  const std::string id = StartReplay();
  auto pass = backend().runner.Run<absl::StatusOr<storage::SequencerPass>>(
      [&] { return backend().storage->sequencer.RunPass(backend().SystemContext(), 1000); });
  ASSERT_TRUE(pass.ok()) << pass.status();
  backend().storage->feed.Publish(std::move(pass->batches));
  EXPECT_EQ(WaitForEnd(id).scheduled_count(), 3);
}

TEST_F(ReplayWakeTest, SoDoesTheWordThatAnotherInstanceOrderedSomething) {
  const std::string id = StartReplay();
  Sequence();
  backend().storage->feed.Poke();
  EXPECT_EQ(WaitForEnd(id).scheduled_count(), 3);
}

}  // namespace
}  // namespace gatehouse::tests
