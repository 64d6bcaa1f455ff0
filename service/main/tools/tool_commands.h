#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_TOOL_COMMANDS_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_TOOL_COMMANDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "service/config/config.h"

namespace gatehouse::service {

// Commands by which an operator looks after an installation, as those of commands.h: each blocks
// until it is done and returns an ExitCode. `format`: as Report::OnStandardOutput has it.

struct RetentionArguments {
  std::string format = "auto";
  bool dry_run = false;
  // Names of policies; empty: all.
  std::vector<std::string> policies;
};

// Does what the retention policies say, until nothing is left to do.
int RunRetention(const config::Config& config, const RetentionArguments& arguments);

struct CreateAdminArguments {
  std::string format = "auto";
  std::string username;
  std::string email;
  // "-": standard input. Empty: the user is asked on a terminal.
  std::string password_file;
  // Instead of a password: a one-time token is printed by which one can be set.
  bool reset_token = false;
  // A user of that name who is an administrator already is no failure.
  bool if_missing = false;
};

int RunCreateAdmin(const config::Config& config, const CreateAdminArguments& arguments);

struct KeysListArguments {
  std::string format = "auto";
  // Whose keys, by its id or name; empty: the default one.
  std::string tenant;
};

// The keys that sign access tokens.
int RunKeysList(const config::Config& config, const KeysListArguments& arguments);

struct KeysRotateArguments {
  std::string format = "auto";
  // As of KeysListArguments.
  std::string tenant;
  // Trust none of the keys that there are any more.
  bool emergency = false;
  bool dry_run = false;
};

int RunKeysRotate(const config::Config& config, const KeysRotateArguments& arguments);

// Seals under the master key what is still under the accepted one.
int RunKeysReseal(const config::Config& config, const std::string& format);

struct TenantArguments {
  std::string format = "auto";
  enum class Action { kList, kCreate, kFreeze, kActivate };
  Action action = Action::kList;
  // Of one tenant; all but the first are for a new one.
  std::string name;
  std::string display_name;
  std::vector<std::string> host_names;
  // Whose one-time token is printed, instead of a password.
  std::string admin;
  std::string admin_email;
};

int RunTenant(const config::Config& config, const TenantArguments& arguments);

struct TenantMoveArguments {
  std::string format = "auto";
  enum class Action { kMove, kCheck, kStatus, kCancel, kDelete };
  Action action = Action::kMove;
  // By its name or id.
  std::string tenant;
  // Configuration file of the installation that it moves to.
  std::string target_file;
  // What clients that come to the source are told.
  std::string destination;
  int64_t max_drain_s = 120;
  // For which the source keeps its rows at least.
  int64_t stay_days = 7;
};

// Moves a tenant to the database of another installation.
int RunTenantMove(const config::Config& config, const TenantMoveArguments& arguments);

// Looks at all that an installation needs. kExitFailed if something fails.
int RunDoctor(const config::Config& config, const std::string& format);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_TOOL_COMMANDS_H_
