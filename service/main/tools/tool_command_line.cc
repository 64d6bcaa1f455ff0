#include "service/main/tools/tool_command_line.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <utility>

#include "service/main/tools/tool_commands.h"

namespace gatehouse::service {
namespace {

using Run = std::function<int(const config::Config&)>;

// What all of these commands have in common. Arguments live as long as what refers to them.
class ToolCommands {
 public:
  ToolCommands(std::function<void(CLI::App&)> add_settings, std::function<void(Run)> choose)
      : add_settings_(std::move(add_settings)), choose_(std::move(choose)) {}

  void AddFormat(CLI::App& command, std::string& format) const {
    command
        .add_option("--format", format,
                    "text for people, json with an object a line, auto: text on a terminal")
        ->check(CLI::IsMember({"auto", "text", "json"}));
  }

  void Finish(CLI::App& command, Run run) const {
    add_settings_(command);
    command.callback([choose = choose_, run = std::move(run)] { choose(run); });
  }

 private:
  const std::function<void(CLI::App&)> add_settings_;
  const std::function<void(Run)> choose_;
};

void AddRetention(CLI::App& app, const ToolCommands& commands) {
  CLI::App* retention = app.add_subcommand("retention", "Delete what was kept for long enough");
  retention->require_subcommand(1);
  CLI::App* run = retention->add_subcommand("run", "Do what the retention settings say, now");
  const auto arguments = std::make_shared<RetentionArguments>();
  run->add_flag("--dry-run", arguments->dry_run, "Tell what would go, change nothing");
  run->add_option("--policy", arguments->policies, "Only this one; may be given several times")
      ->take_all();
  commands.AddFormat(*run, arguments->format);
  commands.Finish(*run,
                  [arguments](const auto& config) { return RunRetention(config, *arguments); });
}

void AddUser(CLI::App& app, const ToolCommands& commands) {
  CLI::App* user = app.add_subcommand("user", "Make users past the server");
  user->require_subcommand(1);
  CLI::App* admin = user->add_subcommand("create-admin", "Make an administrator, e.g. the first");
  const auto arguments = std::make_shared<CreateAdminArguments>();
  admin->add_option("USERNAME", arguments->username, "Its username")->required();
  admin->add_option("--email", arguments->email, "Its email address");
  admin->add_option("--password-file", arguments->password_file,
                    "File with the password; - for standard input. Without it the password is "
                    "asked for on the terminal");
  admin->add_flag("--reset-token", arguments->reset_token,
                  "No password: print a token by which one can be set within a day");
  admin->add_flag("--if-missing", arguments->if_missing,
                  "Do nothing if there is an administrator of that name");
  commands.AddFormat(*admin, arguments->format);
  commands.Finish(*admin,
                  [arguments](const auto& config) { return RunCreateAdmin(config, *arguments); });
}

void AddKeys(CLI::App& app, const ToolCommands& commands) {
  CLI::App* keys = app.add_subcommand("keys", "Look after the server's keys");
  keys->require_subcommand(1);
  CLI::App* list = keys->add_subcommand("list", "List the keys that sign access tokens");
  const auto listed = std::make_shared<KeysListArguments>();
  list->add_option("--tenant", listed->tenant, kTenantHelp);
  commands.AddFormat(*list, listed->format);
  commands.Finish(*list, [listed](const auto& config) { return RunKeysList(config, *listed); });

  CLI::App* reseal = keys->add_subcommand(
      "reseal",
      "Seal under auth.master_key_file what is under auth.accepted_master_key_file, and "
      "count the recovery codes under auth.accepted_token_pepper_file");
  const auto reseal_format = std::make_shared<std::string>("auto");
  commands.AddFormat(*reseal, *reseal_format);
  commands.Finish(*reseal, [reseal_format](const auto& config) {
    return RunKeysReseal(config, *reseal_format);
  });

  CLI::App* rotate = keys->add_subcommand("rotate", "Have another key sign access tokens");
  const auto arguments = std::make_shared<KeysRotateArguments>();
  rotate->add_flag("--emergency", arguments->emergency,
                   "Trust no key any more that is there: all access tokens die at once");
  rotate->add_flag("--dry-run", arguments->dry_run, "Tell what would be done, change nothing");
  rotate->add_option("--tenant", arguments->tenant, kTenantHelp);
  commands.AddFormat(*rotate, arguments->format);
  commands.Finish(*rotate,
                  [arguments](const auto& config) { return RunKeysRotate(config, *arguments); });
}

CLI::App& AddTenant(CLI::App& tenant, const ToolCommands& commands, const std::string& name,
                    const std::string& help, const std::shared_ptr<TenantArguments>& arguments) {
  CLI::App* command = tenant.add_subcommand(name, help);
  if (arguments->action != TenantArguments::Action::kList) {
    command->add_option("NAME", arguments->name, "The tenant's name")->required();
  }
  commands.AddFormat(*command, arguments->format);
  commands.Finish(*command,
                  [arguments](const auto& config) { return RunTenant(config, *arguments); });
  return *command;
}

void AddTenantMove(CLI::App& tenant, const ToolCommands& commands) {
  using Action = TenantMoveArguments::Action;
  CLI::App* move = tenant.add_subcommand("move", "Move it to another database, as its owner");
  const auto arguments = std::make_shared<TenantMoveArguments>();
  move->add_option("NAME", arguments->tenant, "The tenant's name or id")->required();
  move->add_option("--to", arguments->target_file,
                   "Configuration file of the installation that it moves to");
  move->add_option("--destination", arguments->destination,
                   "What clients that come here are told from then on, e.g. an address");
  move->add_option("--max-drain-s", arguments->max_drain_s,
                   "Seconds that webhooks and mails under way are waited for")
      ->check(CLI::Range(1, 3600));
  CLI::Option_group* instead = move->add_option_group("Instead");
  instead->require_option(0, 1);
  const auto add = [&](const std::string& flag, Action action, const std::string& help) {
    return instead->add_flag_callback(
        flag, [arguments, action] { arguments->action = action; }, help);
  };
  add("--dry-run", Action::kCheck, "Tell what is in the way of a move, change nothing");
  add("--status", Action::kStatus, "Tell how far it is");
  add("--cancel", Action::kCancel, "Take back what was done, before it has moved");
  CLI::Option* remove = add("--delete", Action::kDelete, "Delete what is left here once it moved");
  move->add_option("--stay-days", arguments->stay_days,
                   "Days for which what is left stays at least")
      ->check(CLI::Range(0, 3650))
      ->needs(remove);
  commands.AddFormat(*move, arguments->format);
  commands.Finish(*move,
                  [arguments](const auto& config) { return RunTenantMove(config, *arguments); });
}

void AddTenants(CLI::App& app, const ToolCommands& commands) {
  using Action = TenantArguments::Action;
  CLI::App* tenant = app.add_subcommand("tenant", "List, create, freeze and move tenants");
  tenant->require_subcommand(1);
  const auto of = [](Action action) {
    auto arguments = std::make_shared<TenantArguments>();
    arguments->action = action;
    return arguments;
  };
  AddTenant(*tenant, commands, "list", "List all tenants, by name", of(Action::kList));
  const std::shared_ptr<TenantArguments> made = of(Action::kCreate);
  CLI::App& create = AddTenant(*tenant, commands, "create", "Create a tenant", made);
  create.add_option("--display-name", made->display_name, "What people call it");
  create.add_option("--host", made->host_names, "A host name of it; may be given several times")
      ->take_all();
  CLI::Option* admin = create.add_option(
      "--admin", made->admin, "Username of its administrator, whose one-time token is printed");
  create.add_option("--admin-email", made->admin_email, "Its email address")->needs(admin);
  AddTenant(*tenant, commands, "freeze", "Have it take no calls", of(Action::kFreeze));
  AddTenant(*tenant, commands, "activate", "Have it take calls again", of(Action::kActivate));
  AddTenantMove(*tenant, commands);
}

void AddDoctor(CLI::App& app, const ToolCommands& commands) {
  CLI::App* doctor = app.add_subcommand(
      "doctor", "Look at all that an installation needs; exit with 1 if something fails");
  const auto format = std::make_shared<std::string>("auto");
  commands.AddFormat(*doctor, *format);
  commands.Finish(*doctor, [format](const auto& config) { return RunDoctor(config, *format); });
}

}  // namespace

void AddToolCommands(CLI::App& app, const std::function<void(CLI::App&)>& add_settings,
                     const std::function<void(std::function<int(const config::Config&)>)>& choose) {
  const ToolCommands commands(add_settings, choose);
  AddRetention(app, commands);
  AddUser(app, commands);
  AddKeys(app, commands);
  AddTenants(app, commands);
  AddDoctor(app, commands);
}

}  // namespace gatehouse::service
