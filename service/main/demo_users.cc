#include "service/main/demo_users.h"

#include <string>

#include "base/run_on_loop.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/user/user_service.h"

namespace gatehouse::service {

namespace {

absl::StatusOr<bool> Exists(App& app, const std::string& username) {
  v1::GetUserRequest request;
  request.set_username(username);
  const auto user = base::RunOnLoop<absl::StatusOr<v1::GetUserResponse>>(
      app.loop(), [&] { return app.services().users.GetUser(app.SystemContext("demo"), request); });
  if (base::HasReason(user.status(), base::Reason::kUserNotFound)) return false;
  GH_RETURN_IF_ERROR(user.status());
  return true;
}

absl::Status Create(App& app, const std::string& name) {
  v1::CreateUserRequest request;
  request.mutable_user()->set_username(name);
  request.mutable_user()->set_email(name + "@example.com");
  request.mutable_user()->set_role(name);
  request.set_password(std::string(kDemoPassword));
  return base::RunOnLoop<absl::StatusOr<v1::CreateUserResponse>>(
             app.loop(),
             [&] { return app.services().users.CreateUser(app.SystemContext("demo"), request); })
      .status();
}

}  // namespace

absl::Status SeedDemoUsers(App& app) {
  for (const char* name : {"admin", "analyst", "viewer"}) {
    GH_ASSIGN_OR_RETURN(const bool exists, Exists(app, name));
    if (!exists) GH_RETURN_IF_ERROR(Create(app, name));
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::service
