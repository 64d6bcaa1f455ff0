#include "service/main/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/command_line_error.h"
#include "service/config/load_config.h"
#include "service/config/settings.h"
#include "service/main/commands.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/main/tools/tool_command_line.h"
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
    AddBulk();
    AddConfig();
    AddToolCommands(
        app_, [this](CLI::App& command) { AddSettings(command); },
        [this](std::function<int(const config::Config&)> run) {
          command_ = [this, run = std::move(run)] { return WithConfig(run); };
        });
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
    seed->add_option("--tenant", seed_tenant_, kTenantHelp);
    AddSettings(*seed);
    seed->callback([this] {
      command_ = [this] {
        return WithConfig([this](const auto& config) {
          return RunSeed(config, seed_file_, dry_run_, seed_tenant_);
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

  void AddBulk() {
    CLI::App* import = app_.add_subcommand("import", "Bring users from a file of JSON lines");
    import->add_option("FILE", import_.file, "One user a line; - for standard input")->required();
    import->add_option("--key", import_.key,
                       "What the import is called: a run with the same key goes on where one "
                       "stopped. By default the name and size of FILE");
    import->add_option("--tenant", import_.tenant, kTenantHelp);
    import->add_flag("--validate-only", import_.validate_only, "Check all of it, change nothing");
    AddSettings(*import);
    import->callback([this] {
      command_ = [this] {
        return WithConfig([this](const auto& config) { return RunImport(config, import_); });
      };
    });

    CLI::App* exported =
        app_.add_subcommand("export", "Print all that is held about a user, as JSON lines");
    exported->add_option("USER", export_user_, "Its id, username or email address")->required();
    exported->add_option("--tenant", export_tenant_, kTenantHelp);
    AddSettings(*exported);
    exported->callback([this] {
      command_ = [this] {
        return WithConfig(
            [this](const auto& config) { return RunExport(config, export_user_, export_tenant_); });
      };
    });

    CLI::App* breached = app_.add_subcommand("breached", "Look after the list of stolen passwords");
    breached->require_subcommand(1);
    CLI::App* build = breached->add_subcommand(
        "build", "Make the file of auth.breached_passwords_file of a list");
    build->add_option("IN", breached_input_, "Lines of SHA1:count, or passwords")->required();
    build->add_option("OUT", breached_output_, "The file to make")->required();
    build->add_option("--min-count", breached_min_count_,
                      "Leave out what was seen less often; where counts are given");
    build->callback([this] {
      command_ = [this] {
        return RunBreachedBuild(breached_input_, breached_output_, breached_min_count_);
      };
    });
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
  std::string seed_tenant_;
  ImportCommand import_;
  std::string export_user_;
  std::string export_tenant_;
  std::string breached_input_;
  std::string breached_output_;
  uint64_t breached_min_count_ = 1;
  std::function<int()> command_;
};

}  // namespace

int RunCommandLine(int argc, char** argv) { return CommandLine().Run(argc, argv); }

}  // namespace gatehouse::service
