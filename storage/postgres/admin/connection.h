#ifndef GATEHOUSE_STORAGE_POSTGRES_ADMIN_CONNECTION_H_
#define GATEHOUSE_STORAGE_POSTGRES_ADMIN_CONNECTION_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// libpq's own types, named here so that its header stays in the .cc file.
struct pg_conn;
struct pg_result;

namespace gatehouse::storage::postgres::admin {

struct ConnectOptions {
  // What pg_stat_activity shows: whoever waits for our locks reads it.
  std::string application_name = "gatehouse";
  // Overrides the database that the DSN names.
  std::optional<std::string> database = std::nullopt;
  // A file whose first line is the password; overrides the DSN's.
  std::string password_file = {};
  // A standby does as well, or is refused with better words than libpq has
  // (migrations/database_check.h). Otherwise it is passed over, unless the DSN says what it wants.
  bool standby_too = false;
};

// One blocking connection, for command-line tools and for what runs before the server serves:
// migrations, making a database. Statements go out by the simple protocol, so a whole script is
// one call. It blocks its thread: never use it on a loop's thread. Calls that serve requests use
// storage/postgres/client. Owned by one thread at a time; closing it (destruction) rolls back an
// open transaction and frees session locks. Cannot be cancelled; lock_timeout and
// statement_timeout bound it.
class Connection {
 public:
  using Row = std::vector<std::optional<std::string>>;
  using Rows = std::vector<Row>;

  // UNAVAILABLE with the reason DATABASE_UNAVAILABLE when there is no server, no such database or
  // no access; INVALID_ARGUMENT when `dsn` is not a connection string. Never shows the password.
  // A host that does not answer within the DSN's connect_timeout, or 10 s, is passed over.
  static absl::StatusOr<std::unique_ptr<Connection>> Open(const std::string& dsn,
                                                          const ConnectOptions& options = {});

  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Runs a script. Returns the rows of its last statement. An error's message holds what
  // Postgres said and the line of the script.
  absl::StatusOr<Rows> Execute(const std::string& script);

  // Runs one statement with text parameters.
  absl::StatusOr<Rows> Query(std::string_view statement, const std::vector<std::string>& params);

  // Gives what `copy_out` sends ("COPY ... TO STDOUT") to `copy_in` ("COPY ... FROM STDIN") of
  // another connection, row by row: of what lies between the two no more than some buffers is in
  // memory. Returns the number of rows; `on_bytes` hears now and then how many bytes have passed.
  // After an error the two are good for nothing but to be closed.
  absl::StatusOr<int64_t> CopyTo(Connection& target, const std::string& copy_out,
                                 const std::string& copy_in,
                                 const std::function<void(int64_t bytes)>& on_bytes = {});

  // The code of the last failed statement, "" when the connection itself failed.
  const std::string& last_sqlstate() const { return last_sqlstate_; }
  bool InTransaction() const;
  int backend_pid() const;
  // As reported by the server, e.g. 150020.
  int server_version() const;

 private:
  explicit Connection(pg_conn* conn) : conn_(conn) {}
  absl::StatusOr<Rows> Finish(pg_result* result, std::string_view script);
  absl::Status MakeStatus(const pg_result* result, std::string_view script);
  // A statement that leads to `status`, e.g. PGRES_COPY_IN.
  absl::Status BeginCopy(const std::string& statement, int status);
  // After the last row. How many there were.
  absl::StatusOr<int64_t> EndCopy(const std::string& statement);

  pg_conn* conn_;
  std::string last_sqlstate_;
};

}  // namespace gatehouse::storage::postgres::admin

#endif  // GATEHOUSE_STORAGE_POSTGRES_ADMIN_CONNECTION_H_
