#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "storage/postgres/client/database.h"
#include "storage/user/queries/user_queries.h"
#include "storage/user/user_rows.h"
#include "storage/user/user_store.h"

namespace gatehouse::storage {
namespace {

using postgres::Params;
using postgres::Query;
using postgres::Rows;
using postgres::RowView;
namespace queries = user::queries;

// Sorts after every key: U+10FFFF is no character.
constexpr char kAfterAllKeys[] = "\xF4\x8F\xBF\xBF";
constexpr uint8_t kMaxByte = 0xff;

base::Uuid LastId() {
  std::array<uint8_t, 16> bytes;
  bytes.fill(kMaxByte);
  return base::Uuid(bytes);
}

// What sorts after every text that begins with `prefix`: whatever follows the
// prefix in a key begins with a lower character. An index range, which a
// prepared LIKE would not be.
std::string AfterPrefix(const std::string& prefix) { return prefix + kAfterAllKeys; }

// A pattern of LIKE for what `text` is a part of.
std::string Containing(const std::string& text) {
  return absl::StrCat("%", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"%", "\\%"}, {"_", "\\_"}}),
                      "%");
}

struct Statement {
  Query query;
  Params params;
};

Statement ByKey(const UserListing& listing) {
  std::optional<int32_t> state;
  if (listing.state) state = static_cast<int32_t>(*listing.state);
  const bool by_username = listing.order == UserListing::Order::kUsername;
  return {by_username ? queries::kListByUsername : queries::kListByEmail,
          Params::Of(listing.tenant_id, listing.after_key, listing.key_prefix,
                     AfterPrefix(listing.key_prefix), int64_t{listing.limit}, listing.role, state)};
}

Statement ByTime(const UserListing& listing) {
  const bool newest_first = listing.order == UserListing::Order::kNewestFirst;
  base::Time after_time = newest_first ? base::Time::max() : base::Time::min();
  base::Uuid after_id = newest_first ? LastId() : base::Uuid();
  if (listing.after_time) {
    after_time = *listing.after_time;
    after_id = listing.after_id;
  }
  const bool show_deleted = listing.show_deleted && !listing.state;
  Params params =
      Params::Of(listing.tenant_id, after_time, after_id, show_deleted, int64_t{listing.limit});
  if (listing.role) {
    std::optional<int32_t> state;
    if (listing.state) state = static_cast<int32_t>(*listing.state);
    params.Add(*listing.role);
    params.Add(state);
    return {newest_first ? queries::kListRoleDescending : queries::kListRoleAscending,
            std::move(params)};
  }
  if (listing.state) {
    params.Add(static_cast<int32_t>(*listing.state));
    return {newest_first ? queries::kListStateDescending : queries::kListStateAscending,
            std::move(params)};
  }
  return {newest_first ? queries::kListDescending : queries::kListAscending, std::move(params)};
}

base::Task<absl::StatusOr<UserPage>> Search(postgres::Database& database, base::CallContext context,
                                            UserListing listing) {
  std::optional<int32_t> state;
  if (listing.state) state = static_cast<int32_t>(*listing.state);
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database.Query(
          std::move(context), queries::kSearch,
          Params::Of(listing.tenant_id, listing.after_key, Containing(*listing.search),
                     int64_t{listing.limit}, listing.role, state, listing.max_bytes,
                     kMaxSearchMatches + 1),
          listing.freshness));
  UserPage page;
  int64_t found = 0;
  GH_CO_RETURN_IF_ERROR(rows.Decode([&](RowView row) {
                              page.too_many =
                                  row.Get<int64_t>(kUserColumns + 1) > kMaxSearchMatches;
                              // The row that says how many match stands also without a user.
                              if (row.Get<std::optional<base::Uuid>>(0)) {
                                found = row.Get<int64_t>(kUserColumns);
                                page.users.push_back(DecodeUser(listing.tenant_id, row));
                              }
                              return true;
                            })
                            .status());
  page.cut = found > static_cast<int64_t>(page.users.size());
  co_return page;
}

}  // namespace

base::Task<absl::StatusOr<UserSearch>> UserStore::SearchFor(base::CallContext context,
                                                            std::string text) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(context), queries::kSearchState, Params::Of(text)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<UserSearch> search, rows.DecodeOne([](RowView row) {
    return UserSearch{.available = row.Get<bool>(0), .has_letters = row.Get<bool>(1)};
  }));
  co_return search.value_or(UserSearch());
}

// One statement per way an index can go: with optional conditions in one
// statement, Postgres would plan for all of them and none.
base::Task<absl::StatusOr<UserPage>> UserStore::List(base::CallContext context,
                                                     UserListing listing) {
  if (listing.search) co_return co_await Search(database_, std::move(context), std::move(listing));
  const bool by_key =
      listing.order == UserListing::Order::kUsername || listing.order == UserListing::Order::kEmail;
  Statement statement = by_key ? ByKey(listing) : ByTime(listing);
  statement.params.Add(listing.max_bytes);
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(context), statement.query,
                                                  std::move(statement.params), listing.freshness));
  UserPage page;
  int64_t found = 0;
  GH_CO_ASSIGN_OR_RETURN(page.users, rows.Decode([&](RowView row) {
    found = row.Get<int64_t>(kUserColumns);
    return DecodeUser(listing.tenant_id, row);
  }));
  page.cut = found > static_cast<int64_t>(page.users.size());
  co_return page;
}

}  // namespace gatehouse::storage
