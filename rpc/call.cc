#include "rpc/call.h"

#include <google/protobuf/message.h>

#include <chrono>
#include <utility>

#include "base/log_line.h"
#include "base/status.h"
#include "base/uuid.h"
#include "rpc/user_agent.h"

namespace gatehouse::rpc {
namespace {

// How long what the transport was already given may take to reach a client that
// does not read: after Finish, and after a cancellation during a Write.
constexpr std::chrono::seconds kFinishTimeout(30);
constexpr std::chrono::milliseconds kCancelledWriteTimeout(500);

// Public, so that its callers learn that it does not exist rather than that
// they are not authenticated; a stream, so that nothing is read for it.
const MethodInfo& UnknownMethod() {
  static const MethodInfo& info = *new MethodInfo{
      .name = "unknown", .kind = MethodKind::kBidiStreaming, .access = {.is_public = true}};
  return info;
}

base::Task<absl::Status> MethodNotFound(std::string name) {
  co_return base::MakeError(
      absl::StatusCode::kUnimplemented, "there is no method " + name,
      {.reason = base::Reason::kMethodNotFound, .metadata = {{"method", name}}});
}

base::CallContext MakeContext(base::Loop& loop, const CallTransport& transport) {
  return base::CallContext(
      loop, {.method = std::string(transport.method()),
             .peer = transport.peer(),
             .user_agent = UserAgent(transport.Metadata("user-agent").value_or(""))});
}

}  // namespace

Call::Call(CallEnvironment& environment, CallTransport& transport, const Method* method)
    : environment_(environment),
      transport_(transport),
      method_(method),
      start_time_(std::chrono::steady_clock::now()),
      context_(MakeContext(environment.loop, transport)) {
  transport_.SetEvents(this);
}

Call::~Call() {
  if (deadline_) environment_.deadlines.Remove(*deadline_);
}

base::Task<void> Call::Run() {
  absl::Status status = co_await environment_.chain.Run(*this, *this);
  Finish(std::move(status));
}

void Call::Finish(absl::Status status) {
  finished_ = true;
  std::string error_id;
  if (IsServerFault(status)) {
    error_id = base::Uuid::MakeV7(base::SystemClock().Now()).ToString();
    base::LogLine(base::LogLevel::kError, "internal error",
                  {{"error_id", error_id},
                   {"request_id", context_.request_id()},
                   {"method", context_.method()},
                   {"error", std::string_view(status.message().data(), status.message().size())}});
  }
  if (!deadline_) CancelAt(std::chrono::steady_clock::now() + kFinishTimeout);
  transport_.Finish(ToWireStatus(status, error_id));
}

const MethodInfo& Call::method() const { return method_ ? method_->info : UnknownMethod(); }

std::optional<std::string_view> Call::Metadata(std::string_view name) const {
  return transport_.Metadata(name);
}

void Call::AddHeader(std::string_view name, std::string_view value) {
  transport_.AddHeader(name, value);
}

void Call::AddTrailer(std::string_view name, std::string_view value) {
  transport_.AddTrailer(name, value);
}

const ClientCertificate* Call::client_certificate() const {
  return transport_.client_certificate();
}

std::optional<std::chrono::nanoseconds> Call::ClientTimeLeft() const {
  return transport_.ClientTimeLeft();
}

void Call::CancelAt(base::SteadyTime when) {
  if (deadline_) environment_.deadlines.Remove(*deadline_);
  deadline_ = environment_.deadlines.Add(when, this);
}

void Call::OnDeadline() {
  deadline_.reset();
  // After the status was handed over only the wire can still be waited for.
  if (finished_ || cause_ != Cause::kNone) {
    transport_.Abort();
    return;
  }
  Cancel(Cause::kDeadline);
}

void Call::Cancel(Cause cause) {
  if (cause_ != Cause::kNone || finished_) return;
  cause_ = cause;
  // A client that does not read blocks the handler in Write, where no token
  // reaches it; and its status would wait behind that message.
  if (write_pending_ && cause != Cause::kClientGone) {
    CancelAt(std::chrono::steady_clock::now() + kCancelledWriteTimeout);
  }
  context_.cancel().Cancel();
  reader_.Resume(false);
}

absl::Status Call::CauseStatus() const {
  switch (cause_) {
    case Cause::kDeadline:
      return base::MakeError(absl::StatusCode::kDeadlineExceeded,
                             "the deadline passed before the call was done",
                             {.reason = base::Reason::kDeadline});
    case Cause::kShutdown:
      return base::MakeError(absl::StatusCode::kUnavailable, "the server is stopping",
                             {.reason = base::Reason::kShuttingDown});
    default:
      return base::MakeError(absl::StatusCode::kCancelled, "the caller gave up",
                             {.reason = base::Reason::kCancelled});
  }
}

absl::Status Call::ResolveOutcome(absl::Status status) const {
  // A stream's handler does not see why there was no further message.
  if (!read_error_.ok()) return read_error_;
  if (cause_ == Cause::kNone) return status;
  switch (status.code()) {
    case absl::StatusCode::kOk:
      // A unary handler that still succeeded has changed something; a stream
      // has only stopped.
      return is_stream() ? CauseStatus() : status;
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
      return CauseStatus();
    default:
      return status;
  }
}

base::Task<absl::Status> Call::RunHandler() {
  if (method_ == nullptr) return MethodNotFound(context_.method());
  return method_->handler->Handle(context_, std::move(request_), *this);
}

}  // namespace gatehouse::rpc
