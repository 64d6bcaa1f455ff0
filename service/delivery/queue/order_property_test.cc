#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/queue/delivery_item.h"
#include "service/delivery/queue/endpoint_queue.h"
#include "storage/delivery/delivery.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::seconds;
using storage::DeliveryState;

// An endpoint's deliverers, one after the other, and a database that does what the statements do
// (flush.sql, release_keys.sql, list_exceptions.sql, list_followers.sql, lease.sql). Everything
// that may come in another order is drawn: publishing, reading, sending, answering, writing, writes
// whose outcome is not known at once, and kills.
class OrderRun {
 public:
  explicit OrderRun(uint32_t seed) : random_(seed) { TakeOver(); }

  void Step() {
    switch (Draw(16)) {
      case 0:
      case 1:
        Publish();
        break;
      case 2:
      case 3:
        Feed();
        break;
      case 4:
      case 5:
        LoadRetries();
        break;
      case 6:
      case 7:
      case 8:
        Send();
        break;
      case 9:
      case 10:
      case 11:
        Answer(Draw(3) > 0);
        break;
      case 12:
        Collect();
        break;
      case 13:
        Write();
        break;
      case 14:
        now_ += std::chrono::milliseconds(Draw(3'000));
        break;
      default:
        if (Draw(12) == 0) TakeOver();
    }
  }

  // Everything succeeds from now on.
  void Finish() {
    for (int i = 0; i < 20'000 && !Done(); ++i) {
      Feed();
      LoadRetries();
      Send();
      if (!flying_.empty()) Answer(true);
      Collect();
      Write();
      now_ += seconds(1);
    }
  }

  bool Done() const {
    return done_.size() == events_.size() && flying_.empty() && !unwritten_ && !queue_->dirty() &&
           std::ranges::none_of(
               rows_, [](const auto& row) { return row.second.state == DeliveryState::kRetrying; });
  }
  size_t published() const { return events_.size(); }

 private:
  uint32_t Draw(uint32_t below) { return random_() % below; }

  void Publish() {
    static const char* const kKeys[] = {"", "a", "b", "c"};
    events_.emplace_back(kKeys[Draw(4)]);
  }
  int64_t head() const { return static_cast<int64_t>(events_.size()); }
  const std::string& KeyOf(int64_t index) const { return events_[index - 1]; }

  DeliveryItem ItemOf(int64_t index, int32_t attempts) const {
    return {.index = index,
            .event_id = base::Uuid::MakeV7(base::TimeFromMicros(1'800'000'000'000'000)),
            .type = "order.paid",
            .ordering_key = KeyOf(index),
            .body = std::make_shared<const std::string>("body"),
            .attempts = attempts};
  }

  void TakeOver() {
    flying_.clear();
    // What was sent may have been written or not.
    if (unwritten_ && Draw(2) == 0) Apply(*std::exchange(unwritten_, std::nullopt));
    unwritten_.reset();
    // Given back, when nothing was to be written (release.sql); otherwise after a kill.
    if (queue_ && !queue_->dirty() && Draw(2) == 0) next_due_ = EarliestDue();
    storage::DeliveryLease lease{.fence = ++fence_, .position = position_, .next_due = next_due_};
    std::set<std::string> held;
    for (const auto& [index, row] : rows_) {
      if (row.state == DeliveryState::kRetrying && !row.ordering_key.empty()) {
        held.insert(row.ordering_key);
      }
    }
    lease.held_keys.assign(held.begin(), held.end());
    queue_.emplace(lease, 4, now_);
    queue_->set_retry_delays({seconds(1), seconds(2)});
  }

  void Feed() {
    std::vector<DeliveryItem> items;
    const int64_t through = std::min<int64_t>(head(), queue_->scanned() + 1 + Draw(5));
    for (int64_t index = queue_->scanned() + 1; index <= through; ++index) {
      items.push_back(ItemOf(index, 0));
    }
    queue_->AddEvents(std::move(items), through);
  }

  bool IsHead(int64_t index, const storage::ExceptionRecord& row) const {
    return row.ordering_key.empty() || std::ranges::none_of(rows_, [&](const auto& other) {
             return other.first < index && other.second.state == DeliveryState::kRetrying &&
                    other.second.ordering_key == row.ordering_key;
           });
  }

  void LoadRetries() {
    if (!queue_->next_due() || *queue_->next_due() > now_ || queue_->retries_ready() > 0 ||
        queue_->dirty()) {
      return;
    }
    queue_->BeginRetries();
    const std::vector<int64_t> held = queue_->retries_held();
    std::vector<std::pair<base::Time, int64_t>> listed;
    for (const auto& [index, row] : rows_) {
      if (row.state != DeliveryState::kRetrying || row.due == base::Time::max()) continue;
      if (std::ranges::find(held, index) != held.end() || !IsHead(index, row)) continue;
      listed.emplace_back(row.due, index);
    }
    std::ranges::sort(listed);
    std::vector<DeliveryItem> items;
    std::optional<base::Time> next_due;
    for (const auto& [due, index] : listed) {
      if (due > now_) {
        next_due = due;
        break;
      }
      items.push_back(ItemOf(index, rows_[index].attempts));
      if (KeyOf(index).empty()) continue;
      for (const auto& [later, row] : rows_) {
        if (later <= index || row.state != DeliveryState::kRetrying ||
            row.ordering_key != KeyOf(index)) {
          continue;
        }
        if (row.due != base::Time::max() && row.due > now_) break;
        items.push_back(ItemOf(later, row.attempts));
      }
    }
    queue_->AddRetries(std::move(items), next_due);
  }

  void Send() {
    const std::optional<DeliveryItem> item = queue_->Take(now_, true);
    if (!item) return;
    const std::string& key = KeyOf(item->index);
    if (!key.empty()) {
      for (const DeliveryItem& other : flying_) {
        EXPECT_NE(KeyOf(other.index), key) << item->index << " beside " << other.index;
      }
      for (int64_t before = 1; before < item->index; ++before) {
        if (KeyOf(before) != key) continue;
        EXPECT_TRUE(done_.contains(before)) << item->index << " overtook " << before;
      }
    }
    flying_.push_back(*item);
  }

  void Answer(bool ok) {
    if (flying_.empty()) return;
    const auto answered = flying_.begin() + Draw(static_cast<uint32_t>(flying_.size()));
    const DeliveryItem item = *answered;
    flying_.erase(answered);
    // The third attempt is the last.
    if (ok || item.attempts >= 2) done_.insert(item.index);
    queue_->OnResult(item, {.status_code = ok ? 200 : 422, .error_class = ok ? "" : "status"}, now_,
                     now_, random_());
  }

  void Collect() {
    if (unwritten_ || !queue_->dirty()) return;
    unwritten_.emplace();
    queue_->CollectInto(*unwritten_);
  }

  void Write() {
    if (!unwritten_) return;
    const std::map<std::string, bool> more = Apply(*unwritten_);
    // The answer was lost: the same is written again.
    if (Draw(4) == 0) return;
    const storage::DeliveryFlush written = *std::exchange(unwritten_, std::nullopt);
    for (const storage::OrderRelease& release : written.releases) {
      queue_->OnReleased(release.ordering_key, more.at(release.ordering_key));
    }
  }

  std::optional<base::Time> EarliestDue() const {
    std::optional<base::Time> earliest;
    for (const auto& [index, row] : rows_) {
      if (row.state != DeliveryState::kRetrying) continue;
      if (!earliest || row.due < *earliest) earliest = row.due;
    }
    return earliest;
  }

  std::map<std::string, bool> Apply(const storage::DeliveryFlush& flush) {
    for (const storage::ExceptionRecord& made : flush.exceptions) {
      const auto found = rows_.find(made.event_index);
      if (found == rows_.end()) {
        rows_[made.event_index] = made;
      } else if (found->second.state == DeliveryState::kRetrying &&
                 found->second.attempts == made.attempts - 1) {
        found->second = made;
      }
    }
    for (const storage::ExceptionRecord& settled : flush.settled) {
      const auto found = rows_.find(settled.event_index);
      if (found != rows_.end() && found->second.state == DeliveryState::kRetrying &&
          found->second.attempts == settled.attempts) {
        rows_.erase(found);
      }
    }
    for (const auto& progress : flush.progress) {
      position_ = std::max(position_, progress.position);
      if (progress.next_due && (!next_due_ || *progress.next_due < *next_due_)) {
        next_due_ = progress.next_due;
      }
    }
    std::map<std::string, bool> more;
    for (const storage::OrderRelease& release : flush.releases) {
      const auto first = std::ranges::find_if(rows_, [&](const auto& row) {
        return row.second.state == DeliveryState::kRetrying &&
               row.second.ordering_key == release.ordering_key;
      });
      more[release.ordering_key] = first != rows_.end();
      if (first != rows_.end() && first->second.due == base::Time::max()) {
        first->second.due = release.due;
      }
    }
    return more;
  }

  std::minstd_rand random_;
  base::Time now_ = base::TimeFromMicros(1'800'000'000'000'000);
  // By index - 1: their keys.
  std::vector<std::string> events_;
  // Delivered at least once, or exhausted.
  std::set<int64_t> done_;
  std::deque<DeliveryItem> flying_;
  std::optional<EndpointQueue> queue_;
  int64_t fence_ = 0;
  // Collected and not confirmed.
  std::optional<storage::DeliveryFlush> unwritten_;
  // The database.
  int64_t position_ = 0;
  std::optional<base::Time> next_due_;
  std::map<int64_t, storage::ExceptionRecord> rows_;
};

TEST(OrderPropertyTest, NoEventOvertakesAnotherOfItsKeyAndNoneIsForgotten) {
  for (uint32_t seed = 1; seed <= 300 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    OrderRun run(seed);
    for (int i = 0; i < 600; ++i) run.Step();
    run.Finish();
    EXPECT_TRUE(run.Done()) << run.published();
  }
}

}  // namespace
}  // namespace gatehouse::service::delivery
