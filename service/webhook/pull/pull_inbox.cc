#include "service/webhook/pull/pull_inbox.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"

namespace gatehouse::service {

PullInbox::PullInbox(base::Loop& loop, rpc::Reader<v1::PullEventsRequest> reader)
    : reader_(reader), state_(new State{.loop = loop}), tasks_(loop, [](const std::string& what) {
        base::LogLine(base::LogLevel::kError, "exception while a pull was read", {{"what", what}});
      }) {
  tasks_.Spawn(ReadAll(state_, reader_));
}

// It ends its task.
PullInbox::~PullInbox() { reader_.Stop(); }

base::Task<void> PullInbox::ReadAll(std::shared_ptr<State> state,
                                    rpc::Reader<v1::PullEventsRequest> reader) {
  while (state->problem.ok()) {
    v1::PullEventsRequest message;
    const bool more = co_await reader.Read(&message);
    if (!more) break;
    state->problem = state->Take(std::move(message));
    state->Wake();
  }
  state->ended = true;
  state->Wake();
}

absl::Status PullInbox::State::Take(v1::PullEventsRequest message) {
  switch (message.action_case()) {
    case v1::PullEventsRequest::kStart:
      if (start) return base::InvalidField("start", "must be the first message alone");
      start = std::move(*message.mutable_start());
      return absl::OkStatus();
    case v1::PullEventsRequest::kAck:
      if (!start) return base::InvalidField("start", "must be the first message");
      if (message.ack().index() <= 0) {
        return base::InvalidField("ack.index", "must be that of an event that was sent");
      }
      acknowledged = std::max(acknowledged, message.ack().index());
      return absl::OkStatus();
    case v1::PullEventsRequest::ACTION_NOT_SET:
      break;
  }
  return base::InvalidField("action", "must be set");
}

// Not at once: who waits may end, and this with it, while the reading is still under way below.
void PullInbox::State::Wake() {
  loop.Post([fired = std::exchange(wake, base::CancelToken())] { fired.Cancel(); });
}

}  // namespace gatehouse::service
