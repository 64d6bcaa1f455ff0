#include "service/bulk/printed_export.h"

#include <google/protobuf/util/json_util.h>

#include <utility>

#include "base/async/run_on_loop.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/uuid.h"
#include "gatehouse/v1/user.pb.h"
#include "service/user/user_service.h"

namespace gatehouse::service {
namespace {

using base::Task;

// A stream whose other end is an output.
class PrintedStream final : public rpc::MessageStream {
 public:
  explicit PrintedStream(std::ostream& out) : out_(out) {}

  void SetResponse(const google::protobuf::Message&) override {}
  void SetEncodedResponse(std::string_view) override {}

  Task<bool> Write(const google::protobuf::Message& message) override {
    std::string line;
    const bool written = google::protobuf::util::MessageToJsonString(message, &line).ok() &&
                         static_cast<bool>(out_ << line << '\n');
    co_return written;
  }

  Task<bool> Read(google::protobuf::Message*) override { co_return false; }
  void StopReading() override {}

 private:
  std::ostream& out_;
};

// The id of a user by whatever it is called.
Task<absl::StatusOr<std::string>> FindId(UserService* users, base::CallContext ctx,
                                         std::string user) {
  if (base::Uuid::Parse(user)) co_return user;
  v1::GetUserRequest request;
  request.set_username(user);
  absl::StatusOr<v1::GetUserResponse> found = co_await users->GetUser(ctx, request);
  if (base::HasReason(found.status(), base::Reason::kUserNotFound)) {
    request.set_email(user);
    found = co_await users->GetUser(ctx, request);
  }
  GH_CO_RETURN_IF_ERROR(found.status());
  co_return found->user().id();
}

Task<absl::Status> Export(UserService* users, base::CallContext ctx, std::string user,
                          rpc::Writer<v1::ExportUserResponse> writer) {
  v1::ExportUserRequest request;
  GH_CO_ASSIGN_OR_RETURN(*request.mutable_user_id(), co_await FindId(users, ctx, std::move(user)));
  co_return co_await users->ExportUser(ctx, std::move(request), writer);
}

}  // namespace

absl::Status PrintExport(UserService& users, base::Loop& loop, const base::CallContext& ctx,
                         const std::string& user, std::ostream& out) {
  PrintedStream stream(out);
  const absl::Status exported = base::RunOnLoop<absl::Status>(
      loop, [&] { return Export(&users, ctx, user, rpc::Writer<v1::ExportUserResponse>(stream)); });
  out.flush();
  if (!out) return base::InvalidField("output", "cannot be written");
  return exported;
}

}  // namespace gatehouse::service
