#ifndef GATEHOUSE_SERVICE_MAIN_COMMANDS_H_
#define GATEHOUSE_SERVICE_MAIN_COMMANDS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "service/config/config.h"
#include "service/main/app.h"
#include "service/seed/seeder.h"

namespace gatehouse::service {

// One function for each command; each blocks until the command is done, tells
// its user what happened and returns an ExitCode.

// Serves until SIGTERM or SIGINT.
int RunServe(const config::Config& config);

// The same on a private Postgres under the data directory, with demo users.
int RunDev(config::Config config);

// Brings a tenant in line with a seed file; with `dry_run` only tells what
// it would do. `tenant`: its id or name; empty: the default one.
int RunSeed(const config::Config& config, const std::string& file, bool dry_run,
            const std::string& tenant);

struct ImportCommand {
  // "-": standard input.
  std::string file;
  // Under which it goes on. Empty: one made of the file's name and size, none of standard input.
  std::string key;
  bool validate_only = false;
  // Its id or name; empty: the default one.
  std::string tenant;
};

// Brings users from a file of JSON lines into the database.
int RunImport(const config::Config& config, const ImportCommand& command);

// Prints everything that is held about a user, by its id, username or email address. `tenant` as
// above.
int RunExport(const config::Config& config, const std::string& user, const std::string& tenant);

// Makes a file of breached passwords of a list of them.
int RunBreachedBuild(const std::string& input, const std::string& output, uint64_t min_count);

// What a Seeder of this process needs, which tells nothing yet. `actor` is whose events these
// are. `app` outlives the seeder.
Seeder::Options SeedingOf(App& app, std::string actor,
                          const base::Uuid& tenant_id = base::kDefaultTenantId);

// Lets the event log go on after the database was restored into another cluster.
int RunLogReset(const config::Config& config);

int RunMigrate(const config::Config& config, const std::vector<std::string>& arguments);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_COMMANDS_H_
