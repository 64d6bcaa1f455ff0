#include "service/main/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "base/command_line_error.h"
#include "service/config/load_config.h"
#include "service/config/settings.h"
#include "service/main/commands.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/main/version.h"

namespace gatehouse::service {
namespace {

// Collects what the command line says; runs nothing until all of it is parsed.
class CommandLine {
 public:
  CommandLine() : app_("Accounts, sessions, audit trail and webhooks over gRPC.", "gatehouse") {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--config", sources_.file, "Configuration file, TOML")
        ->envname("GATEHOUSE_CONFIG");
    AddServing();
    AddTools();
    AddTenants();
    AddConfig();
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      const bool help =
          base::ExplainCommandLineError(app_, error, "gatehouse", std::cout, std::cerr);
      return help ? kExitOk : kExitUsage;
    }
    return command_();
  }

 private:
  void AddServing() {
    CLI::App* serve = app_.add_subcommand("serve", "Serve on the configured database");
    AddSettings(*serve);
    serve->callback([this] {
      command_ = [this] { return WithConfig([](const auto& config) { return RunServe(config); }); };
    });
    CLI::App* dev =
        app_.add_subcommand("dev", "Serve on a private Postgres, with demo users, to try it");
    AddSettings(*dev);
    dev->callback([this] {
      command_ = [this] { return WithConfig([](const auto& config) { return RunDev(config); }); };
    });
  }

  void AddTools() {
    CLI::App* seed = app_.add_subcommand("seed", "Create or change what a seed file names");
    seed->add_option("FILE", seed_file_, "Seed file, JSON")->required();
    seed->add_flag("--dry-run", dry_run_, "Tell what would be done, change nothing");
    seed->add_option("--tenant", tenant_.name, "Id or name of the tenant, if not the default one");
    AddSettings(*seed);
    seed->callback([this] {
      command_ = [this] {
        return WithConfig([this](const auto& config) {
          return RunSeed(config, seed_file_, dry_run_, tenant_.name);
        });
      };
    });

    CLI::App* migrate = app_.add_subcommand("migrate", "Show and change the schema's version");
    // What follows is parsed by the command itself, --help too.
    migrate->prefix_command();
    migrate->fallthrough(false);
    migrate->set_help_flag();
    migrate->callback([this, migrate] {
      command_ = [this, migrate] {
        return WithConfig(
            [migrate](const auto& config) { return RunMigrate(config, migrate->remaining()); });
      };
    });

    CLI::App* log = app_.add_subcommand("log", "Look after the event log");
    log->require_subcommand(1);
    CLI::App* reset = log->add_subcommand(
        "reset", "Go on after a restore into another Postgres (LOG_ROLLED_BACK)");
    AddSettings(*reset);
    reset->callback([this] {
      command_ = [this] {
        return WithConfig([](const auto& config) { return RunLogReset(config); });
      };
    });

    app_.add_subcommand("version", "Print the version")->callback([this] {
      command_ = [] {
        std::cout << "gatehouse " << kVersion << "\n";
        return kExitOk;
      };
    });
  }

  void AddTenants() {
    CLI::App* tenant = app_.add_subcommand("tenant", "List, create and freeze tenants");
    tenant->require_subcommand(1);
    AddTenant(*tenant, TenantOrder::Action::kList, "list", "Print all tenants, by name");
    CLI::App& create =
        AddTenant(*tenant, TenantOrder::Action::kCreate, "create", "Create a tenant");
    create.add_option("--display-name", tenant_.display_name, "What people call it");
    create.add_option("--host", tenant_.host_names, "A host name of it; may be given again");
    CLI::Option* admin = create.add_option(
        "--admin", tenant_.admin, "Username of its administrator, who gets a one-time token");
    create.add_option("--admin-email", tenant_.admin_email, "Its email address")->needs(admin);
    AddTenant(*tenant, TenantOrder::Action::kFreeze, "freeze", "Have it take no calls");
    AddTenant(*tenant, TenantOrder::Action::kActivate, "activate", "Have it take calls again");
  }

  CLI::App& AddTenant(CLI::App& tenant, TenantOrder::Action action, const std::string& name,
                      const std::string& help) {
    CLI::App* command = tenant.add_subcommand(name, help);
    if (action != TenantOrder::Action::kList) {
      command->add_option("NAME", tenant_.name, "The tenant's name")->required();
    }
    AddSettings(*command);
    command->callback([this, action] {
      tenant_.action = action;
      command_ = [this] {
        return WithConfig([this](const auto& config) { return RunTenant(config, tenant_); });
      };
    });
    return *command;
  }

  void AddConfig() {
    CLI::App* config = app_.add_subcommand("config", "Check or print the configuration");
    config->require_subcommand(1);
    CLI::App* print =
        config->add_subcommand("print", "Print the configuration in force, secrets masked");
    AddSettings(*print);
    print->callback([this] {
      command_ = [this] {
        return WithConfig([](const auto& config) {
          std::cout << config::PrintConfig(config);
          return kExitOk;
        });
      };
    });
    CLI::App* check = config->add_subcommand(
        "check", "Exit with 2 if `serve` would refuse the configuration, and say why");
    AddSettings(*check);
    check->callback([this] {
      command_ = [this] {
        return WithConfig([](const auto& config) { return TellFaults(config); });
      };
    });
    config->add_subcommand("reference", "Print every setting as a Markdown table")
        ->callback([this] {
          command_ = [] {
            std::cout << config::ConfigReference();
            return kExitOk;
          };
        });
  }

  // Every setting as a flag. Secrets too: LoadConfig tells where they belong.
  void AddSettings(CLI::App& command) {
    const config::Config defaults;
    for (const config::Setting& setting : config::AllSettings()) {
      CLI::Option* option = command.add_option_function<std::string>(
          setting.flag(),
          [this, key = setting.key](const std::string& value) { sources_.flags[key] = value; },
          setting.help + " (" + setting.environment_variable() + ")");
      option->default_str(setting.get(defaults));
      option->group(setting.secret ? "" : "Settings");
    }
  }

  int WithConfig(const std::function<int(const config::Config&)>& run) {
    sources_.environment = config::ProcessEnvironment();
    const auto config = config::LoadConfig(sources_);
    if (!config.ok()) {
      std::cerr << "gatehouse: " << config.status().message() << "\n";
      return kExitUsage;
    }
    return run(*config);
  }

  CLI::App app_;
  config::Sources sources_;
  std::string seed_file_;
  bool dry_run_ = false;
  TenantOrder tenant_;
  std::function<int()> command_;
};

}  // namespace

int RunCommandLine(int argc, char** argv) { return CommandLine().Run(argc, argv); }

}  // namespace gatehouse::service
