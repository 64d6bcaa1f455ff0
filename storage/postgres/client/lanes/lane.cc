// What happens on a lane while it is up: results, and watching over what is in
// flight. Connecting is in lane_connect.cc, sending in lane_send.cc.

#include "storage/postgres/client/lanes/lane.h"

#include <libpq-fe.h>

#include <asio/error_code.hpp>
#include <chrono>

namespace gatehouse::storage::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How long an abandoned statement may go on after it was cancelled before its
// connection counts as dead. Postgres answers a cancel request within
// milliseconds unless the machine or the network between is gone.
constexpr milliseconds kStuckAfter{10000};

std::string Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text != nullptr ? text : "";
}

}  // namespace

bool Lane::IsIdle() const {
  return ready_ && in_flight_.empty() && !cancel_under_way_ &&
         PQtransactionStatus(connection_) == PQTRANS_IDLE;
}

void Lane::WaitReadable() {
  if (waits_readable_) return;
  waits_readable_ = true;
  socket_.async_wait(socket_.wait_read,
                     [self = shared_from_this(), id = connection_id_](const asio::error_code&) {
                       if (id != self->connection_id_ || !self->ready_) return;
                       self->waits_readable_ = false;
                       self->OnReadable();
                     });
}

void Lane::WaitWritable() {
  if (waits_writable_) return;
  waits_writable_ = true;
  socket_.async_wait(socket_.wait_write,
                     [self = shared_from_this(), id = connection_id_](const asio::error_code&) {
                       if (id != self->connection_id_ || !self->ready_) return;
                       self->waits_writable_ = false;
                       // To make room for what it sends, libpq may have read what
                       // the socket will now never report.
                       self->OnReadable();
                     });
}

void Lane::Flush() {
  switch (PQflush(connection_)) {
    case 0:
      return;
    case 1:
      WaitWritable();
      return;
    default:
      FailAfterReading();
  }
}

void Lane::FailAfterReading() {
  loop_.Post([self = shared_from_this(), id = connection_id_,
              why = std::string(PQerrorMessage(connection_))] {
    if (id != self->connection_id_ || !self->ready_) return;
    self->OnReadable();
    if (id == self->connection_id_) self->Fail(why);
  });
}

void Lane::OnReadable() {
  const bool alive = PQconsumeInput(connection_) == 1;
  const std::string why = alive ? "" : PQerrorMessage(connection_);
  // Also when the connection is gone: what came before its end still counts.
  const uint64_t id = connection_id_;
  ProcessResults();
  if (!ready_ || id != connection_id_) return;
  if (!alive) {
    Fail(why);
    return;
  }
  DeallocateStale();
  if (ready_ && id == connection_id_) Flush();
  if (ready_ && id == connection_id_) WaitReadable();
}

void Lane::ProcessResults() {
  Completions completions;
  std::string surprise;
  bool idle = false;
  while (surprise.empty() && PQisBusy(connection_) == 0) {
    std::shared_ptr<pg_result> result(PQgetResult(connection_), PQclear);
    if (result == nullptr) {
      // Ends one command; twice in a row, or before a result: nothing is left.
      if (idle || in_flight_.empty()) break;
      idle = !in_flight_.front().has_result;
      if (in_flight_.front().has_result) ++in_flight_.front().next;
      in_flight_.front().has_result = false;
      continue;
    }
    idle = false;
    if (!OnResult(std::move(result), completions, &surprise)) break;
  }
  if (!surprise.empty()) Fail(surprise);
  if (!completions.empty()) {
    const std::shared_ptr<Lane> self = shared_from_this();
    if (ready_) owner_.OnLaneReady(*this);
    for (auto& [segment, result] : completions) segment->done.Set(std::move(result));
  }
}

bool Lane::OnResult(std::shared_ptr<pg_result> result, Completions& completions,
                    std::string* surprise) {
  const ExecStatusType status = PQresultStatus(result.get());
  if (in_flight_.empty()) {
    // Such as the FATAL of an administrator's command to an idle connection.
    *surprise = std::string("unasked: ") + PQresultErrorMessage(result.get());
    return false;
  }
  InFlight& head = in_flight_.front();
  const bool expected = head.next < head.commands.size() && !head.has_result;
  switch (status) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
      if (!expected || head.error) break;
      head.has_result = true;
      if (OnRows(std::move(result), head)) return true;
      *surprise = "rows that are nobody's";
      return false;
    case PGRES_PIPELINE_ABORTED:
      if (!expected || !head.error) break;
      head.has_result = true;
      if (head.commands[head.next].is_prepare) Forget(head.commands[head.next]);
      return true;
    case PGRES_FATAL_ERROR:
      return OnError(result.get(), surprise);
    case PGRES_PIPELINE_SYNC:
      return OnSync(completions, surprise);
    default:
      break;
  }
  *surprise = std::string("out of order: ") + PQresStatus(status);
  return false;
}

bool Lane::OnRows(std::shared_ptr<pg_result> result, InFlight& head) {
  const Command& command = head.commands[head.next];
  if (command.is_prepare || head.members.empty()) return true;
  if (command.members == 1) {
    head.members[command.member].rows.emplace_back(std::move(result));
    return true;
  }
  std::optional<std::vector<Rows>> parts = Rows::Part(result, command.members);
  if (!parts) return false;
  for (size_t i = 0; i < command.members; ++i) {
    head.members[command.member + i].rows.push_back(std::move((*parts)[i]));
  }
  return true;
}

bool Lane::OnError(const pg_result* result, std::string* surprise) {
  InFlight& head = in_flight_.front();
  const std::string severity = Field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity != "ERROR") {
    // FATAL and PANIC come from the server, anything else from libpq itself when
    // the connection broke.
    server_gave_up_ = severity == "FATAL";
    *surprise = PQresultErrorMessage(result);
    return false;
  }
  // An error may also come after the last command, when the commit fails.
  if (head.error || head.has_result) {
    *surprise = std::string("out of order: ") + PQresultErrorMessage(result);
    return false;
  }
  head.error = ServerError{.sqlstate = Field(result, PG_DIAG_SQLSTATE),
                           .message = Field(result, PG_DIAG_MESSAGE_PRIMARY),
                           .constraint = Field(result, PG_DIAG_CONSTRAINT_NAME)};
  if (head.members.size() == 1) head.failed = 0;
  if (head.next == head.commands.size()) return true;
  head.has_result = true;
  const Command& command = head.commands[head.next];
  if (command.members == 1) head.failed = command.member;
  if (!head.members.empty()) {
    const Member& failed = head.members[command.member];
    head.error->query = failed.segment->batch.statements()[failed.rows.size()].query.name;
  }
  // A failed PREPARE left nothing; an unknown statement (26000) is one whose
  // PREPARE failed after this was sent; a plan whose result type has changed
  // (0A000) stays useless.
  const std::string& sqlstate = head.error->sqlstate;
  if (command.is_prepare || sqlstate == "26000") Forget(command);
  if (sqlstate == "0A000" && Forget(command) && !command.is_prepare) stale_.push_back(command.name);
  return true;
}

bool Lane::OnSync(Completions& completions, std::string* surprise) {
  if (const InFlight& head = in_flight_.front(); !head.error && head.next != head.commands.size()) {
    *surprise = "a Sync before its results";
    return false;
  }
  InFlight entry = TakeHead();
  failures_ = 0;
  head_watched_ = false;
  WatchHead();
  if (entry.members.empty()) return true;
  if (!entry.members.front().segment->pinned && in_flight_.empty() &&
      PQtransactionStatus(connection_) != PQTRANS_IDLE) {
    *surprise = "a statement left a transaction open";
  }
  std::vector<SegmentPtr> again;
  for (size_t i = 0; i < entry.members.size(); ++i) {
    Member& member = entry.members[i];
    const SegmentPtr& segment = member.segment;
    segment->lane = nullptr;
    if (!entry.error) {
      completions.emplace_back(segment, std::move(member.rows));
    } else if (i != entry.failed && !segment->abandoned) {
      // Once is enough: alone it has nobody's failure to fear.
      segment->alone = true;
      again.push_back(segment);
    } else if (!segment->abandoned && ShouldRetry(entry, *segment)) {
      ++segment->retries;
      again.push_back(segment);
    } else {
      completions.emplace_back(segment, ToStatus(*entry.error));
    }
  }
  state_->counters.retries += again.size();
  for (SegmentPtr& segment : again) owner_.Resubmit(std::move(segment));
  return surprise->empty();
}

bool Lane::ShouldRetry(const InFlight& entry, const Segment& segment) const {
  if (segment.pinned) return false;
  const std::string& sqlstate = entry.error->sqlstate;
  // Each was rolled back as a whole, through no fault of its own.
  if (sqlstate == "57014") {
    return entry.exposed_to_cancel && segment.retries < kMaxSegmentRetries;
  }
  return (sqlstate == "26000" || sqlstate == "0A000") && segment.retries == 0 &&
         state_->config.use_prepared_statements;
}

bool Lane::Forget(const Command& command) {
  const auto found = prepared_.find(command.key);
  if (found == prepared_.end() || found->second != command.name) return false;
  prepared_.erase(found);
  return true;
}

void Lane::WatchHead() {
  if (!ready_ || in_flight_.empty() || !in_flight_.front().has_abandoned()) {
    head_timer_.Reset();
    return;
  }
  if (head_watched_) return;
  head_watched_ = true;
  cancel_sent_ = in_flight_.front().is_commit();
  head_timer_ =
      loop_.At(steady_clock::now() + (cancel_sent_ ? kStuckAfter : state_->config.abandoned_grace),
               [this] { OnHeadOverdue(); });
}

void Lane::OnHeadOverdue() {
  if (cancel_sent_) {
    Fail("the server does not react to a cancel request");
    return;
  }
  milliseconds next = state_->config.abandoned_grace;
  const auto expose = [](Lane& lane) {
    for (InFlight& entry : lane.in_flight_) entry.exposed_to_cancel = true;
  };
  if (!cancel_under_way_ &&
      state_->canceller->TryCancel(cancel_, loop_,
                                   [weak = weak_from_this(), id = connection_id_, expose] {
                                     const std::shared_ptr<Lane> self = weak.lock();
                                     if (self == nullptr || self->connection_id_ != id) return;
                                     // Postgres has signalled its process by now; what is sent from
                                     // here on comes after.
                                     expose(*self);
                                     self->cancel_under_way_ = false;
                                     self->owner_.OnLaneReady(*self);
                                   })) {
    ++state_->counters.cancels;
    cancel_sent_ = cancel_under_way_ = true;
    expose(*this);
    next = kStuckAfter;
  }
  head_timer_ = loop_.At(steady_clock::now() + next, [this] { OnHeadOverdue(); });
}

}  // namespace gatehouse::storage::postgres
