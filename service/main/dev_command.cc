#include <stdlib.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/log_line.h"
#include "base/status.h"
#include "service/dev/demo_users.h"
#include "service/dev/dev_database.h"
#include "service/main/commands.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/seed/seed_file.h"
#include "service/seed/seeder.h"
#include "service/signals/stop_signal.h"

namespace gatehouse::service {
namespace {

constexpr std::string_view kDemoPassword = "try-gatehouse";

void Tell(std::string_view line) { std::cout << line << std::endl; }

// libpq and Postgres take what they are not told from PG... of the environment, where it means
// another database: with PGHOSTADDR it would even be that one which is migrated and gets demo
// users.
void ForgetOtherDatabases() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (text.starts_with("PG")) names.emplace_back(text.substr(0, text.find('=')));
  }
  for (const std::string& name : names) unsetenv(name.c_str());
}

// A start that was killed halfway may have left some of them: they stay as they are.
absl::Status MakeDemoUsers(App& app, const DevDatabase& database) {
  if (database.has_demo_users()) return absl::OkStatus();
  GH_ASSIGN_OR_RETURN(const SeedFile seed, ParseSeedFile(kDemoUsers));
  Seeder::Options options = SeedingOf(app, "demo");
  options.keep_users = true;
  options.initial_password = kDemoPassword;
  GH_RETURN_IF_ERROR(Seeder(std::move(options)).Run(seed));
  return database.NoteDemoUsers();
}

// Where a client on this machine reaches what listens on `address`: all addresses is none to
// connect to.
std::string Reachable(std::string address) {
  for (const auto& [all, one] :
       {std::pair("0.0.0.0:", "127.0.0.1:"), std::pair("[::]:", "[::1]:")}) {
    if (address.starts_with(all)) return one + address.substr(std::string_view(all).size());
  }
  return address;
}

void Explain(const App& app, const config::Config& config, const std::string& data_dir) {
  const std::string password(kDemoPassword);
  // Who tries it has the server's certificate, but perhaps not one for this address.
  const std::string security =
      config.grpc.tls_certificate_file.empty() ? "-plaintext" : "-insecure";
  Tell("Data and secrets are in " + data_dir + ". To try it:");
  Tell("  grpcurl " + security + " -d '{\"login\": \"admin\", \"password\": \"" + password +
       "\"}' " + Reachable(app.serving().grpc_address()) +
       " gatehouse.v1.SessionService/CreateSession");
  Tell("Users admin, analyst and viewer have the password " + password +
       ". Not for production: use `gatehouse serve` there. Ctrl-C stops.");
}

}  // namespace

int RunDev(config::Config config) {
  // Before there are threads, which might read the environment meanwhile.
  ForgetOtherDatabases();
  StopSignal stop;
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const auto database = DevDatabase::Open(config.data_dir, Tell);
  if (!database.ok()) return Fail(database.status());
  config.database.dsn = (*database)->dsn();
  // The receiver of whoever tries it is on the same machine, without TLS.
  config.webhook.allow_http = true;
  config.webhook.allowed_networks = "127.0.0.0/8 ::1/128";
  if (config.auth.passkey_rp_id.empty()) {
    // As are its pages.
    config.auth.passkey_rp_id = "localhost";
    config.auth.passkey_origins = "http://localhost:8080 http://localhost:3000";
  }
  const absl::Status served = ServeUntilStopped(
      {.config = config,
       .secrets = (*database)->secrets(),
       .instance_name = "dev",
       .before_serving = [&](App& app) { return MakeDemoUsers(app, **database); }},
      stop, [&](const App& app) { Explain(app, config, (*database)->data_dir()); });
  return served.ok() ? kExitOk : Fail(served);
}

}  // namespace gatehouse::service
