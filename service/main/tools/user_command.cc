#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log_line.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/main/app.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/main/tools/call_service.h"
#include "service/main/tools/password_prompt.h"
#include "service/main/tools/report.h"
#include "service/main/tools/tool_commands.h"
#include "service/seed/secret_files.h"
#include "service/user/user_service.h"

namespace gatehouse::service {
namespace {

constexpr char kTool[] = "create_admin";
constexpr char kRole[] = "admin";
// Long enough to bring a link to somebody.
constexpr int64_t kTokenLifetimeSeconds = 24 * 3600;

// Before the database is asked anything: a user who types a password has not waited in vain.
absl::StatusOr<std::string> PasswordOf(const CreateAdminArguments& arguments) {
  if (arguments.reset_token) {
    if (arguments.password_file.empty()) return std::string();
    return base::InvalidField("--reset-token", "must be left out where there is a password");
  }
  if (arguments.password_file.empty()) return AskForPassword(arguments.username);
  if (arguments.password_file == "-") return ReadPasswordFromStandardInput();
  return ReadSecretFile("--password-file", arguments.password_file);
}

// The user of that name, if there is one who need not be made.
absl::StatusOr<bool> IsThere(App& app, const CreateAdminArguments& arguments) {
  v1::GetUserRequest get;
  get.set_username(arguments.username);
  const auto found = CallService(app, kTool, app.services().users, &UserService::GetUser, get);
  if (base::HasReason(found.status(), base::Reason::kUserNotFound)) return false;
  GH_RETURN_IF_ERROR(found.status());
  if (found->user().role() == kRole) return true;
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition,
      absl::StrCat("the user ", arguments.username, " is there, and is no administrator but ",
                   found->user().role()),
      {.reason = base::Reason::kUsernameTaken});
}

absl::Status CreateAdmin(const config::Config& config, const CreateAdminArguments& arguments) {
  GH_ASSIGN_OR_RETURN(const std::string password, PasswordOf(arguments));
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<App> app, AssembleForTool(config));
  Report report = Report::OnStandardOutput(arguments.format);
  if (arguments.if_missing) {
    GH_ASSIGN_OR_RETURN(const bool there, IsThere(*app, arguments));
    if (there) {
      report.Line(absl::StrCat("There is an administrator ", arguments.username, " already."),
                  JsonObject().Add("username", arguments.username).AddBool("created", false));
      return absl::OkStatus();
    }
  }
  v1::CreateUserRequest create;
  create.mutable_user()->set_username(arguments.username);
  create.mutable_user()->set_email(arguments.email);
  create.mutable_user()->set_role(kRole);
  create.set_password(password);
  UserService& users = app->services().users;
  GH_ASSIGN_OR_RETURN(const v1::CreateUserResponse created,
                      CallService(*app, kTool, users, &UserService::CreateUser, create));
  std::string text = absl::StrCat("Created the administrator ", created.user().username(), ".");
  JsonObject json;
  json.Add("username", created.user().username()).Add("user_id", created.user().id());
  json.AddBool("created", true);
  if (arguments.reset_token) {
    v1::StartPasswordResetRequest start;
    start.set_user_id(created.user().id());
    start.mutable_lifetime()->set_seconds(kTokenLifetimeSeconds);
    GH_ASSIGN_OR_RETURN(const v1::StartPasswordResetResponse started,
                        CallService(*app, kTool, users, &UserService::StartPasswordReset, start));
    absl::StrAppend(&text,
                    " It has no password yet: FinishPasswordReset sets one with this token, "
                    "within a day.\n",
                    started.token());
    json.Add("reset_token", started.token());
  }
  report.Line(text, json);
  return absl::OkStatus();
}

}  // namespace

int RunCreateAdmin(const config::Config& config, const CreateAdminArguments& arguments) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = CreateAdmin(config, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace gatehouse::service
