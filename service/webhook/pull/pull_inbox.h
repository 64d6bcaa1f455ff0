#ifndef GATEHOUSE_SERVICE_WEBHOOK_PULL_PULL_INBOX_H_
#define GATEHOUSE_SERVICE_WEBHOOK_PULL_PULL_INBOX_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "absl/status/status.h"
#include "base/async/cancel.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/async/task_group.h"
#include "gatehouse/v1/webhook_pull.pb.h"
#include "rpc/method/message_stream.h"

namespace gatehouse::service {

// What the client of a pull has said so far. Reads its messages as they come, for as long as this
// lives, while events go out; of acknowledgements only the furthest is kept.
//
// Lives in the handler. Thread: its loop.
class PullInbox {
 public:
  PullInbox(base::Loop& loop, rpc::Reader<v1::PullEventsRequest> reader);
  ~PullInbox();
  PullInbox(const PullInbox&) = delete;
  PullInbox& operator=(const PullInbox&) = delete;

  // Fires once something comes after this call, or the client's side ends.
  base::CancelToken wake() const { return state_->wake; }

  // nullopt before it came.
  const std::optional<v1::PullStart>& start() const { return state_->start; }
  // The highest index acknowledged.
  int64_t acknowledged() const { return state_->acknowledged; }
  // Nothing more will come: the client has ended its side, or the call is over.
  bool ended() const { return state_->ended; }
  // What was wrong with a message, if something was; nothing is read after it.
  const absl::Status& problem() const { return state_->problem; }

 private:
  struct State {
    base::Loop& loop;
    base::CancelToken wake = {};
    std::optional<v1::PullStart> start = std::nullopt;
    int64_t acknowledged = 0;
    bool ended = false;
    absl::Status problem = {};

    absl::Status Take(v1::PullEventsRequest message);
    void Wake();
  };
  static base::Task<void> ReadAll(std::shared_ptr<State> state,
                                  rpc::Reader<v1::PullEventsRequest> reader);

  rpc::Reader<v1::PullEventsRequest> reader_;
  std::shared_ptr<State> state_;
  base::TaskGroup tasks_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_WEBHOOK_PULL_PULL_INBOX_H_
