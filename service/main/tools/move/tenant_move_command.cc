#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "base/async/loop.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/time.h"
#include "service/config/load_config.h"
#include "service/config/secrets.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/main/tools/move/move_sides.h"
#include "service/main/tools/move/moved_tenant.h"
#include "service/main/tools/move/tenant_mover.h"
#include "service/main/tools/report.h"
#include "service/main/tools/tool_commands.h"

namespace gatehouse::service {
namespace {

using Action = TenantMoveArguments::Action;

// As long as a destination may be in the API (service/tenant/tenant_fields.cc).
constexpr size_t kMaxDestinationBytes = 256;
constexpr char kLoop[] = "tenant_move";

absl::StatusOr<OpenSide> Open(const config::Config& config, const std::string& what) {
  GH_ASSIGN_OR_RETURN(config::Secrets secrets, config::LoadSecrets(config.auth));
  return OpenMoveSide({.config = config, .secrets = std::move(secrets)}, what);
}

// By its file alone: the environment and the flags are about the source.
absl::StatusOr<OpenSide> OpenTarget(const TenantMoveArguments& arguments) {
  if (arguments.target_file.empty()) {
    return base::InvalidField("--to", "is required: the configuration file of the target");
  }
  const auto config =
      config::LoadConfig({.flags = {}, .environment = {}, .file = arguments.target_file});
  if (!config.ok()) return base::InvalidField("--to", std::string(config.status().message()));
  return Open(*config, "the target");
}

absl::Status Status(OpenSide source, const TenantMoveArguments& arguments, Report& report) {
  GH_RETURN_IF_ERROR(TellMove(source, arguments.tenant, report));
  if (arguments.target_file.empty()) return absl::OkStatus();
  GH_ASSIGN_OR_RETURN(OpenSide target, OpenTarget(arguments));
  GH_ASSIGN_OR_RETURN(const auto there, target.moves().FindTenant(arguments.tenant));
  return there ? TellMove(target, arguments.tenant, report) : absl::OkStatus();
}

absl::Status Move(OpenSide source, const TenantMoveArguments& arguments, Report& report) {
  GH_ASSIGN_OR_RETURN(OpenSide target, OpenTarget(arguments));
  base::Loop loop(kLoop);
  loop.Start();
  const base::SystemClock clock;
  // Servers learn of the state within one of these; the second one is for those that are slow.
  const std::chrono::milliseconds pause = 2 * source.side.config.auth.max_revocation_lag;
  TenantMover mover(std::move(source), std::move(target),
                    {.tenant = arguments.tenant,
                     .destination = arguments.destination,
                     .pause = pause,
                     .max_drain = std::chrono::seconds(arguments.max_drain_s)},
                    loop, clock, report);
  const absl::Status status = arguments.action == Action::kCheck    ? mover.Check()
                              : arguments.action == Action::kCancel ? mover.Cancel()
                                                                    : mover.Run();
  loop.Stop();
  return status;
}

absl::Status Run(const config::Config& config, const TenantMoveArguments& arguments) {
  if (arguments.destination.size() > kMaxDestinationBytes) {
    return base::InvalidField("--destination", "must have at most 256 bytes");
  }
  Report report = Report::OnStandardOutput(arguments.format);
  GH_ASSIGN_OR_RETURN(OpenSide source, Open(config, "the source"));
  switch (arguments.action) {
    case Action::kStatus:
      return Status(std::move(source), arguments, report);
    case Action::kDelete:
      return DeleteMovedTenant(source, arguments.tenant,
                               std::chrono::hours(24) * arguments.stay_days, report);
    case Action::kMove:
    case Action::kCheck:
    case Action::kCancel:
      break;
  }
  return Move(std::move(source), arguments, report);
}

}  // namespace

int RunTenantMove(const config::Config& config, const TenantMoveArguments& arguments) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = Run(config, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace gatehouse::service
