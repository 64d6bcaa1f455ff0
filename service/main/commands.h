#ifndef GATEHOUSE_SERVICE_MAIN_COMMANDS_H_
#define GATEHOUSE_SERVICE_MAIN_COMMANDS_H_

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

// What a Seeder of this process needs, which tells nothing yet. `actor` is whose events these
// are. `app` outlives the seeder.
Seeder::Options SeedingOf(App& app, std::string actor,
                          const base::Uuid& tenant_id = base::kDefaultTenantId);

// What is to be done with tenants.
struct TenantOrder {
  enum class Action { kList, kCreate, kFreeze, kActivate };
  Action action = Action::kList;
  // Of one tenant; all but the first are for a new one.
  std::string name;
  std::string display_name;
  std::vector<std::string> host_names;
  std::string admin;
  std::string admin_email;
};

// Prints what it did or found, a JSON object a line.
int RunTenant(const config::Config& config, const TenantOrder& order);

// Lets the event log go on after the database was restored into another cluster.
int RunLogReset(const config::Config& config);

int RunMigrate(const config::Config& config, const std::vector<std::string>& arguments);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_COMMANDS_H_
