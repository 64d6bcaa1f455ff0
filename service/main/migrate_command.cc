#include <iostream>

#include "base/log_line.h"
#include "migrations/migrate_main.h"
#include "migrations/schema_state.h"
#include "service/main/commands.h"

namespace gatehouse::service {

int RunMigrate(const config::Config& config, const std::vector<std::string>& arguments) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const int code =
      migrations::MigrateMain(arguments, {.configured_dsn = config.database.direct(),
                                          .password_file = config.database.password_file,
                                          .migrations = migrations::EmbeddedMigrations(),
                                          .out = std::cout,
                                          .err = std::cerr});
  base::FlushLogLines();
  return code;
}

}  // namespace gatehouse::service
