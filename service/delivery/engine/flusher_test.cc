#include "service/delivery/engine/flusher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/delivery/engine/queue_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using std::chrono::steady_clock;
using storage::DeliveryFlush;
using storage::EndpointKey;
using ::testing::UnorderedElementsAre;
using tests::HasCode;
using tests::IsOk;

std::vector<EndpointKey> KeysOf(const DeliveryFlush& flush) {
  std::vector<EndpointKey> keys;
  for (const storage::DeliveryProgress& progress : flush.progress) keys.push_back(progress.key);
  return keys;
}

class FlusherTest : public QueueFixture {
 protected:
  using Answer = absl::StatusOr<storage::FlushOutcome>;

  ~FlusherTest() override { StopTasks(); }

  // A queue with `results` answers to write, of so many bytes each.
  QueuePtr AddQueue(int results, size_t bytes = 2, int64_t fence = 1) {
    const QueuePtr queue = MakeQueue(NewKey(), results, fence);
    runner_.RunPlain([&] {
      queues_.Add(queue);
      Settle(queue, results, bytes);
    });
    return queue;
  }
  void Settle(const QueuePtr& queue, int results, size_t bytes = 2) {
    EndpointQueue& delivery = queue->delivery;
    delivery.AddEvents(MakeItems(delivery.scanned() + 1, delivery.scanned() + results),
                       delivery.scanned() + results);
    const HttpResult result{.status_code = 200, .body = std::string(bytes, 'x')};
    for (int i = 0; i < results; ++i) {
      delivery.OnResult(*delivery.Take(clock_.Now(), true), result, clock_.Now(), clock_.Now(), 0);
      flusher_.AddResult(queue, bytes);
    }
  }

  absl::Status Flush() {
    return runner_.Run<absl::Status>([this] { return flusher_.Flush(); });
  }

  base::Task<Answer> Write(DeliveryFlush flush) {
    writes_.push_back(flush);
    co_return answer_ ? answer_(writes_.back()) : storage::FlushOutcome{.live = KeysOf(flush)};
  }
  base::Task<absl::Status> Mark() {
    ++marks_;
    if (quiet_) EXPECT_EQ(flusher_.unflushed(), 0u);
    EXPECT_FALSE(flusher_.busy());
    if (marked_) marked_->set_value();
    co_return absl::OkStatus();
  }

  // What the database says to a flush; by default that all fences count.
  std::function<Answer(const DeliveryFlush&)> answer_;
  std::vector<DeliveryFlush> writes_;
  int marks_ = 0;
  std::promise<void>* marked_ = nullptr;
  int told_of_room_ = 0;
  // Nothing comes while something is written.
  bool quiet_ = true;
  Flusher flusher_{{.tasks = tasks_,
                    .queues = queues_,
                    .write = [this](DeliveryFlush flush) { return Write(std::move(flush)); },
                    .mark = [this] { return Mark(); },
                    .on_written = [this] { ++told_of_room_; }},
                   {.lease = hours(2), .interval = hours(1)}};
};

TEST_F(FlusherTest, WritesAllQueuesTogetherThenMarks) {
  const QueuePtr a = AddQueue(3);
  const QueuePtr b = AddQueue(1);
  EXPECT_EQ(flusher_.unflushed(), 4u);
  EXPECT_THAT(Flush(), IsOk());
  ASSERT_EQ(writes_.size(), 1u);
  EXPECT_THAT(KeysOf(writes_[0]), UnorderedElementsAre(a->delivery.key(), b->delivery.key()));
  EXPECT_EQ(writes_[0].attempts.size(), 4u);
  EXPECT_EQ(marks_, 1);
  EXPECT_EQ(told_of_room_, 1);
  EXPECT_EQ(flusher_.flushes(), 1u);
  // Its leases are renewed by that.
  EXPECT_GT(a->lease_until, steady_clock::now() + hours(1));
  // And with nothing to write there is no statement.
  EXPECT_THAT(Flush(), IsOk());
  EXPECT_EQ(writes_.size(), 1u);
  EXPECT_EQ(marks_, 2);
}

// Under load it never comes to an end by itself, for which retries and positions wait.
TEST_F(FlusherTest, WhatAlwaysComesMeanwhileWaitsForTheNextFlush) {
  const QueuePtr queue = AddQueue(1);
  quiet_ = false;
  answer_ = [&](const DeliveryFlush& flush) {
    if (writes_.size() < 100) Settle(queue, 1);
    return storage::FlushOutcome{.live = KeysOf(flush)};
  };
  EXPECT_THAT(Flush(), IsOk());
  EXPECT_LT(writes_.size(), 10u);
  EXPECT_EQ(marks_, 1);
  EXPECT_EQ(flusher_.unflushed(), 1u);
  quiet_ = true;
  answer_ = nullptr;
  EXPECT_THAT(Flush(), IsOk());
}

TEST_F(FlusherTest, AQueueWithoutResultsIsWrittenToRenewItsLease) {
  const QueuePtr queue = AddQueue(0);
  runner_.RunPlain([&] { flusher_.MarkDirty(queue); });
  EXPECT_THAT(Flush(), IsOk());
  EXPECT_EQ(writes_.size(), 1u);
  EXPECT_GT(queue->lease_until, steady_clock::now() + hours(1));
}

TEST_F(FlusherTest, WhatIsNotConfirmedIsWrittenAgainBeforeAnythingElse) {
  const QueuePtr queue = AddQueue(1);
  answer_ = [](const DeliveryFlush&) { return absl::UnavailableError("gone"); };
  EXPECT_THAT(Flush(), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_EQ(marks_, 0);
  EXPECT_EQ(flusher_.unflushed(), 1u);
  runner_.RunPlain([&] { Settle(queue, 2); });
  EXPECT_EQ(flusher_.unflushed(), 3u);
  answer_ = nullptr;
  EXPECT_THAT(Flush(), IsOk());
  ASSERT_EQ(writes_.size(), 3u);
  ASSERT_EQ(writes_[1].attempts.size(), 1u);
  EXPECT_EQ(writes_[1].attempts[0].attempt_id, writes_[0].attempts[0].attempt_id);
  EXPECT_EQ(writes_[2].attempts.size(), 2u);
  EXPECT_EQ(flusher_.unflushed(), 0u);
}

TEST_F(FlusherTest, AQueueWhoseFenceDoesNotCountLeaves) {
  const QueuePtr lost = AddQueue(1);
  const QueuePtr kept = AddQueue(1);
  answer_ = [&](const DeliveryFlush&) {
    // Answers that came while it was written are nobody's any more.
    Settle(lost, 3);
    return storage::FlushOutcome{.live = {kept->delivery.key()}};
  };
  EXPECT_THAT(Flush(), IsOk());
  EXPECT_FALSE(queues_.IsCurrent(lost));
  EXPECT_TRUE(lost->delivery.stopped());
  EXPECT_TRUE(queues_.IsCurrent(kept));
  EXPECT_EQ(flusher_.leases_lost(), 1u);
  EXPECT_EQ(flusher_.unflushed(), 0u);
}

TEST_F(FlusherTest, ALaterLeaseOfTheSameEndpointStays) {
  const QueuePtr old = AddQueue(1);
  const QueuePtr next = MakeQueue(old->delivery.key(), 1, /*fence=*/2);
  answer_ = [&](const DeliveryFlush&) {
    queues_.Add(next);
    return storage::FlushOutcome();
  };
  EXPECT_THAT(Flush(), IsOk());
  EXPECT_TRUE(queues_.IsCurrent(next));
  EXPECT_EQ(flusher_.leases_lost(), 0u);
}

TEST_F(FlusherTest, AnEndpointThatIsRefusedHoldsUpNobodyElse) {
  const QueuePtr refused = AddQueue(1);
  const QueuePtr sound = AddQueue(2);
  answer_ = [&](const DeliveryFlush& flush) -> Answer {
    for (const storage::AttemptRecord& attempt : flush.attempts) {
      if (attempt.key == refused->delivery.key()) return absl::InternalError("no");
    }
    return storage::FlushOutcome{.live = KeysOf(flush)};
  };
  for (int i = 1; i < 3; ++i) EXPECT_THAT(Flush(), HasCode(absl::StatusCode::kInternal));
  writes_.clear();
  EXPECT_THAT(Flush(), IsOk());
  // All together; one of them, without its attempts then; the other.
  ASSERT_EQ(writes_.size(), 4u);
  size_t attempts_of_sound = 0;
  bool position_of_refused = false;
  for (size_t i = 1; i < writes_.size(); ++i) {
    if (KeysOf(writes_[i]) == std::vector{sound->delivery.key()}) {
      attempts_of_sound += writes_[i].attempts.size();
    } else {
      position_of_refused |= writes_[i].attempts.empty();
    }
  }
  EXPECT_EQ(attempts_of_sound, 2u);
  EXPECT_TRUE(position_of_refused);
  EXPECT_TRUE(queues_.IsCurrent(refused));
  EXPECT_EQ(flusher_.unflushed(), 0u);
}

TEST_F(FlusherTest, AnEndpointWhosePositionIsRefusedWaitsForItsNextDeliverer) {
  const QueuePtr refused = AddQueue(1);
  answer_ = [](const DeliveryFlush&) { return absl::InternalError("no"); };
  for (int i = 1; i < 3; ++i) EXPECT_THAT(Flush(), HasCode(absl::StatusCode::kInternal));
  EXPECT_THAT(Flush(), IsOk());
  EXPECT_FALSE(queues_.IsCurrent(refused));
  EXPECT_EQ(flusher_.unflushed(), 0u);
}

TEST_F(FlusherTest, HasRoomForSoManyBytesOfAnswers) {
  constexpr size_t kAnswer = size_t{16} << 10;
  constexpr int kFull = Flusher::kMaxUnflushedBytes / kAnswer;
  const QueuePtr queue = AddQueue(kFull - 1, kAnswer);
  EXPECT_TRUE(flusher_.HasRoom());
  runner_.RunPlain([&] { Settle(queue, 1, kAnswer); });
  EXPECT_FALSE(flusher_.HasRoom());
  EXPECT_THAT(Flush(), IsOk());
  EXPECT_TRUE(flusher_.HasRoom());
  EXPECT_GT(told_of_room_, 0);
}

TEST_F(FlusherTest, HasRoomForSoManyResults) {
  const QueuePtr queue = AddQueue(Flusher::kMaxUnflushed - 1, 0);
  EXPECT_TRUE(flusher_.HasRoom());
  runner_.RunPlain([&] { Settle(queue, 1, 0); });
  EXPECT_FALSE(flusher_.HasRoom());
  EXPECT_THAT(Flush(), IsOk());
  EXPECT_TRUE(flusher_.HasRoom());
}

TEST_F(FlusherTest, RunsWithoutWaitingForTheIntervalWhenThereIsMuch) {
  std::promise<void> marked;
  marked_ = &marked;
  runner_.RunPlain([&] { tasks_.SpawnForLife(flusher_.Run()); });
  AddQueue(499);
  runner_.RunPlain([&] { EXPECT_EQ(flusher_.unflushed(), 499u); });
  AddQueue(1);
  marked.get_future().wait();
  runner_.RunPlain([&] { EXPECT_EQ(flusher_.unflushed(), 0u); });
}

}  // namespace
}  // namespace gatehouse::service::delivery
