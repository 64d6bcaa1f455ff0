#include "storage/postgres/client/lanes/connect_params.h"

#include <string>

#include "base/status.h"

namespace gatehouse::storage::postgres {
namespace {

// Milliseconds.
constexpr char kClientCheck[] = "2000";

// One setting for libpq's "options", where blanks separate.
std::string Option(const std::string& name, const std::string& value) {
  std::string option = "-c " + name + "=";
  for (const char c : value) {
    if (c == ' ' || c == '\\') option.push_back('\\');
    option.push_back(c);
  }
  return option + " ";
}

// Settings of the session; the DSN's own come last and so win.
std::string SessionOptions(const DatabaseConfig& config) {
  const std::string timeout = std::to_string(config.statement_timeout.count());
  std::string options = Option("statement_timeout", timeout);
  // Guards in SQL say what a change needs, and take a row as it is when they come to it. Stricter
  // isolation, which a database or a role may have for a default, would abort them instead.
  options += Option("default_transaction_isolation", "read committed");
  // Every statement is cheap by one plan for all parameters (tests/integration/growth). Postgres
  // would make a plan for each execution of those that take arrays: it believes the next array to
  // be as short as this one, and the one plan for all to be for ten elements.
  options += Option("plan_cache_mode", "force_generic_plan");
  // A transaction whose owner hangs must not hold its locks for longer.
  options += Option("idle_in_transaction_session_timeout", timeout);
  // Postgres looks at the connection of a running statement only if told to; a
  // statement whose client has crashed would otherwise run to its end.
  options += Option("client_connection_check_interval", kClientCheck);
  if (!config.search_path.empty()) options += Option("search_path", config.search_path);
  for (const auto& [name, value] : config.session_settings) options += Option(name, value);
  return options;
}

}  // namespace

absl::StatusOr<ConnectParams> ConnectParams::Parse(const DatabaseConfig& config) {
  ConnectParams params;
  GH_ASSIGN_OR_RETURN(params.values_, ParseDsn(config.dsn));
  params.password_file_ = config.password_file;
  if (config.use_prepared_statements) {
    const std::string own = DsnValue(params.values_, "options");
    SetDsnValue(params.values_, "options", SessionOptions(config) + own);
  }
  SetDsnDefault(params.values_, "application_name", config.application_name);
  SetDsnDefault(params.values_, "client_encoding", "UTF8");
  // A peer that vanished without a word is noticed while data waits to be sent.
  SetDsnDefault(params.values_, "tcp_user_timeout", std::to_string(config.connect_timeout.count()));
  return params;
}

DsnValues ConnectParams::Build(size_t rotation) const {
  DsnValues values = RotateHosts(values_, rotation);
  if (!password_file_.empty()) {
    SetDsnValue(values, "password", ReadPasswordFile(password_file_).value_or(""));
  }
  return values;
}

}  // namespace gatehouse::storage::postgres
