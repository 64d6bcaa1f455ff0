#include "migrations/user_search.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/substitute.h"
#include "base/status.h"
#include "migrations/queries/migration_queries.h"

namespace gatehouse::migrations {
namespace {

using storage::postgres::admin::Connection;

// Both are trusted: the owner of a database may make them. Not among what is ours, which goes when
// a migration is taken back; somebody may have made them elsewhere.
constexpr char kMakeExtensions[] =
    "CREATE EXTENSION IF NOT EXISTS pg_trgm SCHEMA public; "
    "CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public";
constexpr char kDropUnfinished[] = "DROP INDEX CONCURRENTLY gatehouse.user_account_search";
// btree_gin lets the tenant stand first. Of what was added lately each search reads all, so it is
// kept shorter than the 4 MiB that Postgres has; shorter still would cost imports more. $0: where
// pg_trgm is; the other operator class is the only one of its type, and needs no name.
constexpr char kMakeIndex[] =
    "CREATE INDEX CONCURRENTLY user_account_search ON gatehouse.user_account USING gin (tenant_id, "
    "lower(username || E'\\n' || coalesce(email, '') || E'\\n' || first_name || ' ' || last_name) "
    "$0.gin_trgm_ops) WITH (gin_pending_list_limit = 1024) WHERE delete_time IS NULL";

std::string CannotBecause(const std::string& why) {
  return absl::StrCat("users cannot be searched by parts of their names: ", why);
}

// Why a statement failed, or an error where there is nobody any more to ask.
absl::StatusOr<std::string> WhyNot(const absl::Status& status) {
  if (absl::IsUnavailable(status)) return status;
  return CannotBecause(std::string(status.message()));
}

}  // namespace

absl::StatusOr<std::string> MakeUserSearch(Connection& connection) {
  GH_ASSIGN_OR_RETURN(const Connection::Rows state,
                      connection.Query(queries::kFindUserSearch.text, {}));
  const auto is = [&state](size_t column) { return state.at(0).at(column) == "t"; };
  const bool has_table = is(0);
  const bool has_index = is(1);
  const bool is_complete = is(2);
  const bool has_extensions = is(3);
  if (!has_table || is_complete) return "";
  if (!has_extensions) {
    return CannotBecause("this Postgres comes without the extensions pg_trgm and btree_gin");
  }
  if (const auto made = connection.Execute(kMakeExtensions); !made.ok()) {
    return WhyNot(made.status());
  }
  if (has_index) {
    if (const auto gone = connection.Execute(kDropUnfinished); !gone.ok()) {
      return WhyNot(gone.status());
    }
  }
  GH_ASSIGN_OR_RETURN(const Connection::Rows schema,
                      connection.Query(queries::kFindTrigramSchema.text, {}));
  const std::string name = schema.at(0).at(0).value_or("");
  if (const auto made = connection.Execute(absl::Substitute(kMakeIndex, name)); !made.ok()) {
    return WhyNot(made.status());
  }
  return "made the index that finds users by parts of their names";
}

}  // namespace gatehouse::migrations
