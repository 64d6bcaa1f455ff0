#ifndef GATEHOUSE_STORAGE_LOG_FEED_H_
#define GATEHOUSE_STORAGE_LOG_FEED_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/mutex.h"
#include "base/async/task.h"
#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::storage {

// What the log knows of an event without its payload.
struct LogEntry {
  int64_t index = 0;
  base::Uuid event_id;
  std::string type;
};

// Consecutive entries of one tenant, as one pass ordered them. Not empty.
struct LogBatch {
  base::Uuid tenant_id;
  std::vector<LogEntry> entries;

  int64_t first_index() const { return entries.front().index; }
  int64_t last_index() const { return entries.back().index; }
};

// Hands freshly ordered entries to whoever follows the log in this process, so
// that they wake with data instead of polling.
//
// It is a hint and promises nothing: what another instance ordered, what came
// while a subscriber was slow, and what a lost connection hid arrives as
// `incomplete`. A subscriber keeps its own position and reads the log
// (EventLog::ReadRange) whenever it is told less than it needs; with that, and
// a poll now and then, it misses nothing.
//
// Thread-safe. Outlives its subscriptions.
class LogFeed {
 public:
  struct News {
    std::vector<std::shared_ptr<const LogBatch>> batches;
    // There may be more in the log than `batches` tell.
    bool incomplete = false;

    bool empty() const { return batches.empty() && !incomplete; }
  };

  class Subscription;

  LogFeed();
  ~LogFeed();

  // All entries from now on, of one tenant or of all. The subscription belongs
  // to `loop`, and its destructor ends it.
  std::unique_ptr<Subscription> Subscribe(base::Loop& loop,
                                          std::optional<base::Uuid> tenant_id = std::nullopt);

  // For the sequencer: in the order of their indexes, per tenant.
  void Publish(std::vector<LogBatch> batches);

  // Something may have been ordered that Publish was not told.
  void Poke();

  // Entries kept for a subscriber that does not come for them. A consumer that
  // far behind reads from the log in larger pages anyway.
  static constexpr size_t kMaxWaitingEntries = 20'000;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Thread: its loop.
class LogFeed::Subscription {
 public:
  struct Mailbox;

  explicit Subscription(std::shared_ptr<Mailbox> mailbox);
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // What came since the last call; waits for something until `until` or until
  // `cancel` fires, and then may be empty. One call at a time.
  base::Task<News> Next(base::SteadyTime until, base::CancelToken cancel);

 private:
  std::shared_ptr<Mailbox> mailbox_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_LOG_FEED_H_
