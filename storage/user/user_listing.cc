#include <array>
#include <cstdint>
#include <utility>

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

}  // namespace

// One statement per way an index can go: with optional conditions in one
// statement, Postgres would plan for all of them and none.
base::Task<absl::StatusOr<UserPage>> UserStore::List(base::CallContext context,
                                                     UserListing listing) {
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
