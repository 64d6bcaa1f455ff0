#include "storage/tenant_move/tenant_move_store.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status.h"
#include "storage/postgres/admin/connection.h"
#include "storage/tenant_move/queries/tenant_move_queries.h"

namespace gatehouse::storage {

using base::Uuid;
using postgres::admin::Connection;
namespace queries = tenant_move::queries;

namespace {

// A lock of the whole log is asked for again and again, two seconds at most each time
// (gatehouse.fence_tenant): in between whoever waits behind it gets on.
constexpr int kMaxLockTries = 30;
// The server ends the connection of a command that was killed when it has something to tell it.
constexpr char kBeginLock[] = "BEGIN; SET LOCAL lock_timeout = '10s'";
constexpr char kLockNotAvailable[] = "55P03";

std::string TextOf(const Connection::Row& row, size_t column) { return row[column].value_or(""); }

int64_t NumberOf(const Connection::Row& row, size_t column) {
  int64_t number = 0;
  (void)absl::SimpleAtoi(TextOf(row, column), &number);  // Integers of Postgres always parse.
  return number;
}

absl::StatusOr<Uuid> UuidOf(const Connection::Row& row, size_t column) {
  const std::optional<Uuid> id = Uuid::Parse(TextOf(row, column));
  if (!id) return base::InternalError("Postgres gives an id that is none");
  return *id;
}

}  // namespace

absl::Status TenantMoveStore::RequireOwner() {
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows, connection_.Query(queries::kOwnsLog.text, {}));
  if (TextOf(rows.at(0), 0) == "t") return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this takes the owner of the schema: let database.dsn, or database.direct_dsn, name the role "
      "that migrates (gatehouse_owner)");
}

absl::Status TenantMoveStore::Lock(const Uuid& tenant_id) {
  GH_RETURN_IF_ERROR(connection_.Execute(kBeginLock).status());
  const absl::Status locked =
      connection_.Query(queries::kLockMove.text, {tenant_id.ToString()}).status();
  const bool is_held = !locked.ok() && connection_.last_sqlstate() == kLockNotAvailable;
  GH_RETURN_IF_ERROR(connection_.Execute(locked.ok() ? "COMMIT" : "ROLLBACK").status());
  if (!is_held) return locked;
  return base::MakeError(absl::StatusCode::kAborted,
                         "another command is moving this tenant right now",
                         {.reason = base::Reason::kConflict});
}

absl::StatusOr<std::optional<MovingTenant>> TenantMoveStore::FindTenant(
    std::string_view id_or_name) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows,
                      connection_.Query(queries::kFindTenant.text, {std::string(id_or_name)}));
  if (rows.empty()) return std::nullopt;
  const Connection::Row& row = rows.front();
  GH_ASSIGN_OR_RETURN(const Uuid id, UuidOf(row, 0));
  return MovingTenant{.id = id,
                      .name = TextOf(row, 1),
                      .state = static_cast<TenantState>(NumberOf(row, 2)),
                      .version = NumberOf(row, 3),
                      .hosts = TextOf(row, 4)};
}

absl::StatusOr<std::optional<TenantMove>> TenantMoveStore::Get(const Uuid& tenant_id) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows,
                      connection_.Query(queries::kGetMove.text, {tenant_id.ToString()}));
  if (rows.empty()) return std::nullopt;
  const Connection::Row& row = rows.front();
  GH_ASSIGN_OR_RETURN(const Uuid move_id, UuidOf(row, 0));
  return TenantMove{.tenant_id = tenant_id,
                    .move_id = move_id,
                    .is_source = TextOf(row, 1) == "t",
                    .peer = TextOf(row, 2),
                    .destination = TextOf(row, 3),
                    .was_active = TextOf(row, 4) == "t",
                    .step = static_cast<TenantMoveStep>(NumberOf(row, 5)),
                    .row_counts_json = TextOf(row, 6),
                    .start_time = TextOf(row, 7),
                    .update_time = TextOf(row, 8),
                    .age_s = NumberOf(row, 9)};
}

absl::Status TenantMoveStore::RequireRoom(const MovingTenant& tenant) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows,
                      connection_.Query(queries::kFindTaken.text,
                                        {tenant.id.ToString(), tenant.name, tenant.hosts}));
  const Connection::Row& row = rows.at(0);
  for (const size_t column : {size_t{0}, size_t{1}}) {
    if (!row[column]) continue;
    return base::MakeError(absl::StatusCode::kAlreadyExists,
                           absl::StrCat("another tenant of the target has the ",
                                        column == 0 ? "name " : "host name ", *row[column]),
                           {.reason = base::Reason::kTenantTaken});
  }
  if (NumberOf(row, 2) < kMaxTenants) return absl::OkStatus();
  return base::MakeError(absl::StatusCode::kResourceExhausted,
                         absl::StrCat("the target has ", kMaxTenants, " tenants already"),
                         {.reason = base::Reason::kLimitReached, .quota = "tenants"});
}

absl::Status TenantMoveStore::Put(const TenantMove& move) {
  return connection_
      .Query(queries::kPutMove.text,
             {move.tenant_id.ToString(), move.move_id.ToString(), move.is_source ? "t" : "f",
              move.peer, move.destination, move.was_active ? "t" : "f",
              absl::StrCat(static_cast<int>(move.step)), move.row_counts_json})
      .status();
}

absl::Status TenantMoveStore::Advance(const TenantMove& move, TenantMoveStep step,
                                      const std::string& row_counts_json) {
  return connection_
      .Query(queries::kAdvanceMove.text, {move.tenant_id.ToString(), move.move_id.ToString(),
                                          absl::StrCat(static_cast<int>(step)), row_counts_json})
      .status();
}

absl::Status TenantMoveStore::Forget(const TenantMove& move) {
  return connection_
      .Query(queries::kForgetMove.text, {move.tenant_id.ToString(), move.move_id.ToString()})
      .status();
}

absl::StatusOr<BusyServers> TenantMoveStore::CountBusy(const Uuid& tenant_id) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows,
                      connection_.Query(queries::kCountBusy.text, {tenant_id.ToString()}));
  return BusyServers{.endpoints = NumberOf(rows.at(0), 0), .mails = NumberOf(rows.at(0), 1)};
}

absl::StatusOr<int64_t> TenantMoveStore::CountUnordered(const Uuid& tenant_id) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows rows,
                      connection_.Query(queries::kCountUnordered.text, {tenant_id.ToString()}));
  return NumberOf(rows.at(0), 0);
}

absl::Status TenantMoveStore::TryFence(const TenantMove& move) {
  GH_RETURN_IF_ERROR(connection_.Execute("BEGIN").status());
  GH_ASSIGN_OR_RETURN(const Connection::Rows frozen,
                      connection_.Query(queries::kLockFrozen.text, {move.tenant_id.ToString()}));
  if (frozen.empty()) {
    return absl::FailedPreconditionError(
        "somebody has activated the tenant meanwhile; run the command again, or give the move up "
        "with --cancel");
  }
  GH_RETURN_IF_ERROR(connection_.Query(queries::kFence.text, {move.tenant_id.ToString()}).status());
  GH_RETURN_IF_ERROR(Advance(move, TenantMoveStep::kFenced));
  return connection_.Execute("COMMIT").status();
}

absl::Status TenantMoveStore::Fence(const TenantMove& move) {
  for (int tries = 1;; ++tries) {
    const absl::Status fenced = TryFence(move);
    if (fenced.ok()) return fenced;
    const std::string sqlstate = connection_.last_sqlstate();
    if (connection_.InTransaction()) GH_RETURN_IF_ERROR(connection_.Execute("ROLLBACK").status());
    const bool waits = !absl::IsFailedPrecondition(fenced) && sqlstate == kLockNotAvailable;
    if (!waits || tries == kMaxLockTries) return fenced;
  }
}

absl::Status TenantMoveStore::RunWithLock(std::string_view statement, const Uuid& tenant_id) {
  for (int tries = 1;; ++tries) {
    const absl::Status done = connection_.Query(statement, {tenant_id.ToString()}).status();
    if (done.ok() || connection_.last_sqlstate() != kLockNotAvailable || tries == kMaxLockTries) {
      return done;
    }
  }
}

absl::Status TenantMoveStore::Pause(std::chrono::milliseconds time) {
  return connection_.Query(queries::kPause.text, {absl::StrCat(time.count())}).status();
}

absl::Status TenantMoveStore::Unfence(const Uuid& tenant_id) {
  return RunWithLock(queries::kUnfence.text, tenant_id);
}

}  // namespace gatehouse::storage
