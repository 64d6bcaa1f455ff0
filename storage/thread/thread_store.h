#ifndef GATEHOUSE_STORAGE_THREAD_THREAD_STORE_H_
#define GATEHOUSE_STORAGE_THREAD_THREAD_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/thread/thread.h"

namespace gatehouse::storage::postgres {
class Database;
}

namespace gatehouse::storage {

// Conversation threads and their messages. Every method but Purge answers NOT_FOUND,
// USER_NOT_FOUND if there is no such user or it is deleted. Immutable and safe on every loop;
// `database` outlives it.
class ThreadStore {
 public:
  // So much that no conversation of people or agents meets it, and so little that one
  // transaction deletes it.
  static constexpr int64_t kMaxMessages = 10'000;
  static constexpr int64_t kMaxContentBytes = int64_t{64} << 20;
  static constexpr int64_t kMaxThreadsPerUser = 10'000;
  static constexpr int64_t kMaxContentBytesPerUser = int64_t{1} << 30;

  explicit ThreadStore(postgres::Database& database) : database_(database) {}

  // Adds the messages, at least one, at the end of the thread, which is made if it is not there,
  // and returns the index of the first: the others follow it.
  // nullopt, and nothing is written, if the key of one of them is there already (Find), or the
  // thread does not have `expected_count` messages before.
  // RESOURCE_EXHAUSTED, LIMIT_REACHED if the thread has no room for them, or the user has too
  // many threads, or too much in them.
  base::Task<absl::StatusOr<std::optional<int64_t>>> Append(base::CallContext ctx, ThreadName name,
                                                            std::vector<ThreadMessage> messages,
                                                            std::optional<int64_t> expected_count,
                                                            Change change);

  // Whether Append would find room for the messages, at least one. LIMIT_REACHED as there.
  base::Task<absl::Status> CheckRoom(base::CallContext ctx, ThreadName name,
                                     std::vector<ThreadMessage> messages);

  // What is there of the message with a key.
  struct Found {
    std::string key;
    base::Uuid id;
    int64_t index = 0;
    base::Time create_time;
    // Its role and content are those asked about.
    bool same = false;
  };
  struct State {
    // 0 if there is no such thread.
    int64_t message_count = 0;
    std::vector<Found> found;
  };
  // The thread as it is, and which of the messages with a key it has.
  base::Task<absl::StatusOr<State>> Find(base::CallContext ctx, ThreadName name,
                                         std::vector<ThreadMessage> messages);

  struct ListQuery {
    ThreadName name;
    // Both inclusive.
    int64_t first_index = 0;
    int64_t last_index = kMaxMessages;
    bool newest_first = false;
    int64_t limit = 0;
    // Of contents; the last message returned may go beyond it.
    int64_t max_bytes = 0;
  };
  struct Page {
    int64_t message_count = 0;
    // Fewer than `limit`, and than there are, because of max_bytes.
    std::vector<ThreadMessage> messages;
  };
  base::Task<absl::StatusOr<Page>> List(base::CallContext ctx, ListQuery query);

  struct ThreadPage {
    // Of all of the user's threads.
    int64_t content_bytes = 0;
    std::vector<Thread> threads;
  };
  // The next `limit` threads of a user after the one named `after`, by name.
  base::Task<absl::StatusOr<ThreadPage>> ListThreads(base::CallContext ctx, base::Uuid tenant_id,
                                                     base::Uuid user_id, std::string after,
                                                     int64_t limit);

  // Deletes the thread with its messages. ABORTED, ETAG_MISMATCH, and nothing is written, if it
  // does not have `expected_count` messages.
  base::Task<absl::Status> Delete(base::CallContext ctx, ThreadName name, int64_t expected_count,
                                  Change change);

  // Deletes one thread of a user who was deleted for good before `now`. False if nothing is left
  // to do; several instances may do it at a time.
  base::Task<absl::StatusOr<bool>> Purge(base::CallContext ctx, base::Uuid tenant_id,
                                         base::Time now);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_THREAD_THREAD_STORE_H_
