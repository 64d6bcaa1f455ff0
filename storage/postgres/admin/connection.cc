#include "storage/postgres/admin/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "storage/postgres/client/dsn.h"
#include "storage/postgres/client/notices.h"

namespace gatehouse::storage::postgres::admin {
namespace {

// Long enough for a failover to settle, short enough for an operator who mistyped a host name.
constexpr const char* kConnectTimeoutSeconds = "10";
constexpr int kConnectTimeoutMs = 10'000;

// Often enough for who looks on at a copy.
constexpr int64_t kTellEveryBytes = int64_t{64} << 20;

std::string Trimmed(const char* text) {
  return std::string(absl::StripSuffix(text == nullptr ? "" : text, "\n"));
}

// Postgres gives positions in characters; scripts are ASCII but for comments, where being a
// few columns off does not change the line by much.
size_t LineOfPosition(std::string_view script, const char* position) {
  size_t offset = std::min<size_t>(std::strtoul(position, nullptr, 10), script.size());
  return 1 + static_cast<size_t>(std::count(script.begin(), script.begin() + offset, '\n'));
}

// Whether the connection came about or failed; false if nothing happened for too long.
bool AwaitConnect(pg_conn* conn) {
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (PQstatus(conn) != CONNECTION_BAD && state != PGRES_POLLING_OK &&
         state != PGRES_POLLING_FAILED) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd socket = {PQsocket(conn), events, 0};
    if (::poll(&socket, 1, kConnectTimeoutMs) <= 0) return false;
    state = PQconnectPoll(conn);
  }
  return true;
}

// PQconnectdbParams, but that what Postgres has to say meanwhile goes to the log.
pg_conn* Connect(const char* const* keys, const char* const* values) {
  pg_conn* conn = PQconnectStartParams(keys, values, /*expand_dbname=*/1);
  if (conn == nullptr) return conn;
  LogNotices(conn);
  if (AwaitConnect(conn)) return conn;
  // A host that says nothing. Only the blocking call goes on to the next one by itself.
  PQfinish(conn);
  conn = PQconnectdbParams(keys, values, /*expand_dbname=*/1);
  LogNotices(conn);
  return conn;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& dsn,
                                                             const ConnectOptions& options) {
  GH_RETURN_IF_ERROR(ParseDsn(dsn).status());
  // Later keywords win: what comes before "dbname" are defaults that the DSN may override.
  std::vector<const char*> keys = {"connect_timeout", "target_session_attrs", "dbname",
                                   "fallback_application_name", "client_encoding"};
  std::vector<const char*> values = {kConnectTimeoutSeconds,
                                     options.standby_too ? "any" : "read-write", dsn.c_str(),
                                     options.application_name.c_str(), "UTF8"};
  if (options.database) {
    keys.push_back("dbname");
    values.push_back(options.database->c_str());
  }
  std::string password;
  if (!options.password_file.empty()) {
    GH_ASSIGN_OR_RETURN(password, ReadPasswordFile(options.password_file));
    keys.push_back("password");
    values.push_back(password.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);
  pg_conn* conn = Connect(keys.data(), values.data());
  auto connection = std::unique_ptr<Connection>(new Connection(conn));
  if (PQstatus(conn) != CONNECTION_OK) {
    return base::MakeError(
        absl::StatusCode::kUnavailable,
        absl::StrCat("cannot connect to Postgres: ", Trimmed(PQerrorMessage(conn))),
        {.reason = base::Reason::kDatabaseUnavailable});
  }
  return connection;
}

Connection::~Connection() { PQfinish(conn_); }

absl::StatusOr<Connection::Rows> Connection::Execute(const std::string& script) {
  return Finish(PQexec(conn_, script.c_str()), script);
}

absl::StatusOr<Connection::Rows> Connection::Query(std::string_view statement,
                                                   const std::vector<std::string>& params) {
  std::vector<const char*> values;
  for (const std::string& param : params) values.push_back(param.c_str());
  std::string text(statement);
  return Finish(PQexecParams(conn_, text.c_str(), static_cast<int>(values.size()), nullptr,
                             values.data(), nullptr, nullptr, 0),
                text);
}

absl::Status Connection::BeginCopy(const std::string& statement, int status) {
  std::unique_ptr<pg_result, decltype(&PQclear)> result(PQexec(conn_, statement.c_str()), &PQclear);
  if (PQresultStatus(result.get()) == status) return absl::OkStatus();
  return MakeStatus(result.get(), statement);
}

absl::StatusOr<int64_t> Connection::EndCopy(const std::string& statement) {
  absl::StatusOr<int64_t> count = int64_t{0};
  while (pg_result* raw = PQgetResult(conn_)) {
    std::unique_ptr<pg_result, decltype(&PQclear)> result(raw, &PQclear);
    if (PQresultStatus(raw) != PGRES_COMMAND_OK) {
      count = MakeStatus(raw, statement);
      // What is lost does not end by itself.
      if (PQstatus(conn_) != CONNECTION_OK) break;
    } else if (count.ok()) {
      count = std::strtoll(PQcmdTuples(raw), nullptr, 10);
    }
  }
  return count;
}

absl::StatusOr<int64_t> Connection::CopyTo(Connection& target, const std::string& copy_out,
                                           const std::string& copy_in,
                                           const std::function<void(int64_t bytes)>& on_bytes) {
  GH_RETURN_IF_ERROR(BeginCopy(copy_out, PGRES_COPY_OUT));
  GH_RETURN_IF_ERROR(target.BeginCopy(copy_in, PGRES_COPY_IN));
  int64_t bytes = 0;
  int64_t told = 0;
  char* row = nullptr;
  int length = 0;
  while ((length = PQgetCopyData(conn_, &row, /*async=*/0)) > 0) {
    const int put = PQputCopyData(target.conn_, row, length);
    PQfreemem(row);
    // Its own words come with the end.
    if (put != 1) break;
    bytes += length;
    if (on_bytes && bytes - told >= kTellEveryBytes) on_bytes(told = bytes);
  }
  if (length > 0) {
    const absl::Status failed = target.EndCopy(copy_in).status();
    return failed.ok() ? base::InternalError("COPY took no more rows") : failed;
  }
  // -1: that was all.
  const absl::StatusOr<int64_t> sent = EndCopy(copy_out);
  const bool whole = length == -1 && sent.ok();
  const int ended = PQputCopyEnd(target.conn_, whole ? nullptr : "the source failed");
  const absl::StatusOr<int64_t> taken = target.EndCopy(copy_in);
  GH_RETURN_IF_ERROR(sent.status());
  GH_RETURN_IF_ERROR(taken.status());
  if (!whole || ended != 1 || *sent != *taken) {
    return base::InternalError(absl::StrCat("COPY sent ", *sent, " rows, ", *taken, " arrived"));
  }
  return taken;
}

absl::StatusOr<Connection::Rows> Connection::Finish(pg_result* raw, std::string_view script) {
  std::unique_ptr<pg_result, decltype(&PQclear)> result(raw, &PQclear);
  ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
    return MakeStatus(result.get(), script);
  }
  Rows rows;
  for (int row = 0; row < PQntuples(result.get()); ++row) {
    Row& out = rows.emplace_back();
    for (int column = 0; column < PQnfields(result.get()); ++column) {
      if (PQgetisnull(result.get(), row, column)) {
        out.emplace_back(std::nullopt);
      } else {
        out.emplace_back(std::string(PQgetvalue(result.get(), row, column),
                                     PQgetlength(result.get(), row, column)));
      }
    }
  }
  return rows;
}

absl::Status Connection::MakeStatus(const pg_result* result, std::string_view script) {
  const char* sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  last_sqlstate_ = sqlstate == nullptr ? "" : sqlstate;
  if (sqlstate == nullptr || PQstatus(conn_) != CONNECTION_OK) {
    return base::MakeError(
        absl::StatusCode::kUnavailable,
        absl::StrCat("lost the connection to Postgres: ", Trimmed(PQerrorMessage(conn_))),
        {.reason = base::Reason::kDatabaseUnavailable});
  }
  std::string message = absl::StrCat(Trimmed(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)),
                                     " (SQLSTATE ", last_sqlstate_, ")");
  if (const char* position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION)) {
    absl::StrAppend(&message, " at line ", LineOfPosition(script, position));
  }
  for (auto [field, label] :
       {std::pair(PG_DIAG_MESSAGE_DETAIL, "; detail: "),
        std::pair(PG_DIAG_MESSAGE_HINT, "; hint: "), std::pair(PG_DIAG_CONTEXT, "; context: ")}) {
    if (const char* text = PQresultErrorField(result, field)) {
      absl::StrAppend(&message, label, Trimmed(text));
    }
  }
  return absl::InternalError(message);
}

bool Connection::InTransaction() const { return PQtransactionStatus(conn_) != PQTRANS_IDLE; }
int Connection::backend_pid() const { return PQbackendPID(conn_); }
int Connection::server_version() const { return PQserverVersion(conn_); }

}  // namespace gatehouse::storage::postgres::admin
