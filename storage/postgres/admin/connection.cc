#include "storage/postgres/admin/connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "storage/postgres/client/dsn.h"
#include "storage/postgres/client/start_connection.h"

namespace gatehouse::storage::postgres::admin {
namespace {

// Long enough for a failover to settle, short enough for an operator who mistyped a host name.
constexpr int kConnectTimeoutMs = 10'000;
// What anybody may have meant by connect_timeout.
constexpr int kMostTimeoutSeconds = 24 * 3600;

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

// How long one host has. 0 or less in the DSN is for ever, to libpq as to poll.
int TimeoutMs(const DsnValues& values) {
  int seconds = 0;
  if (!absl::SimpleAtoi(DsnValue(values, "connect_timeout"), &seconds)) return kConnectTimeoutMs;
  return seconds > 0 ? std::min(seconds, kMostTimeoutSeconds) * 1000 : -1;
}

// Whether the connection came about or failed; false if nothing happened for too long.
bool AwaitConnect(pg_conn* conn, int timeout_ms) {
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (PQstatus(conn) != CONNECTION_BAD && state != PGRES_POLLING_OK &&
         state != PGRES_POLLING_FAILED) {
    const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    pollfd socket = {PQsocket(conn), events, 0};
    if (::poll(&socket, 1, timeout_ms) <= 0) return false;
    state = PQconnectPoll(conn);
  }
  return true;
}

// What PQconnectdbParams does, by StartConnection. A host that says nothing keeps libpq from the
// others: then one attempt more begins with the next one. The last attempt may still be under way.
pg_conn* Connect(const DsnValues& values) {
  const int timeout_ms = TimeoutMs(values);
  const size_t hosts = CountHosts(values);
  for (size_t attempt = 0;; ++attempt) {
    pg_conn* conn = StartConnection(RotateHosts(values, attempt));
    if (AwaitConnect(conn, timeout_ms) || attempt + 1 == hosts) return conn;
    PQfinish(conn);
  }
}

// Why there is no connection, in one line: libpq has one or two for each host.
std::string WhyNot(const pg_conn* conn) {
  std::string why =
      absl::StrReplaceAll(Trimmed(PQerrorMessage(conn)), {{"\n\t", " "}, {"\n", "; "}});
  // Which host it is stands there already: "connection to server at ... failed: ".
  return PQstatus(conn) == CONNECTION_BAD ? why : why + "it does not answer";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> Connection::Open(const std::string& dsn,
                                                             const ConnectOptions& options) {
  GH_ASSIGN_OR_RETURN(DsnValues values, ParseDsn(dsn));
  SetDsnDefault(values, "target_session_attrs", options.standby_too ? "any" : "read-write");
  SetDsnValue(values, "fallback_application_name", options.application_name);
  SetDsnValue(values, "client_encoding", "UTF8");
  if (options.database) SetDsnValue(values, "dbname", *options.database);
  if (!options.password_file.empty()) {
    GH_ASSIGN_OR_RETURN(std::string password, ReadPasswordFile(options.password_file));
    SetDsnValue(values, "password", std::move(password));
  }
  pg_conn* conn = Connect(values);
  auto connection = std::unique_ptr<Connection>(new Connection(conn));
  if (PQstatus(conn) == CONNECTION_OK) return connection;
  return base::MakeError(absl::StatusCode::kUnavailable,
                         absl::StrCat("cannot connect to Postgres: ", WhyNot(conn)),
                         {.reason = base::Reason::kDatabaseUnavailable});
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
