#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/text/unicode.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/account_names.h"
#include "service/common/filter.h"
#include "service/common/page_size.h"
#include "service/user/user_conversion.h"
#include "service/user/user_service.h"
#include "storage/role/role.h"

namespace gatehouse::service {
namespace {

using storage::UserListing;
using Order = storage::UserListing::Order;

constexpr FilterField kFields[] = {
    {.name = "username", .prefix = true},
    {.name = "email", .prefix = true},
    {.name = "role"},
    {.name = "state"},
    {.name = "search"},
};

// More than any name has, and short enough to compare with a thousand.
constexpr size_t kMaxSearchBytes = 128;

// What a ListUsersRequest asks for.
struct Query {
  UserListing listing;
  // Set for username = "..." and email = "...": one user at most, found by key.
  std::optional<std::string> username_key;
  std::optional<std::string> email_key;
};

// A filter that no name can match has a slip in it.
absl::Status CheckName(const FilterTerm& term) {
  FieldChecks checks;
  if (term.op == FilterTerm::Op::kPrefix) {
    if (MayBeginName(term.value)) return absl::OkStatus();
    checks.Fail(term.field, "begins with what no name has in it");
  } else if (term.field == "username") {
    ReadUsername(term.field, term.value, checks);
  } else {
    ReadEmail(term.field, term.value, checks);
  }
  const absl::Status status = checks.ToStatus();
  return status.ok() ? status : InvalidFilter(std::string(status.message()));
}

absl::Status ApplyNameTerm(const FilterTerm& term, Query& query) {
  GH_RETURN_IF_ERROR(CheckName(term));
  const bool by_username = term.field == "username";
  if (term.op == FilterTerm::Op::kEqual) {
    (by_username ? query.username_key : query.email_key) = *AccountKey(term.value);
  } else {
    query.listing.order = by_username ? Order::kUsername : Order::kEmail;
    query.listing.key_prefix = AccountKeyPrefix(term.value);
  }
  return absl::OkStatus();
}

absl::Status ApplySearch(const FilterTerm& term, Query& query) {
  if (term.value.size() > kMaxSearchBytes) {
    return InvalidFilter(absl::StrCat("\"search\" has at most ", kMaxSearchBytes, " bytes"));
  }
  std::optional<std::string> text = base::NormalizeNfc(term.value);
  if (!text || std::ranges::any_of(*text, [](unsigned char c) { return c < ' '; })) {
    return InvalidFilter("\"search\" is UTF-8 without control characters");
  }
  query.listing.search = *std::move(text);
  query.listing.order = Order::kUsername;
  return absl::OkStatus();
}

absl::Status ApplyTerm(const FilterTerm& term, Query& query) {
  if (term.field == "role") {
    if (!storage::IsRoleName(term.value)) return InvalidFilter("\"role\" is no name of a role");
    query.listing.role = term.value;
  } else if (term.field == "state") {
    if (term.value == "ACTIVE") {
      query.listing.state = storage::UserState::kActive;
    } else if (term.value == "DISABLED") {
      query.listing.state = storage::UserState::kDisabled;
    } else {
      return InvalidFilter("\"state\" is ACTIVE or DISABLED");
    }
  } else if (term.field == "search") {
    return ApplySearch(term, query);
  } else {
    return ApplyNameTerm(term, query);
  }
  return absl::OkStatus();
}

absl::Status ApplyOrder(const std::string& order_by, bool by_prefix, UserListing& listing) {
  if (order_by.empty()) return absl::OkStatus();
  if (by_prefix || listing.search) {
    const bool same = order_by == "username" && listing.order == Order::kUsername;
    if (same) return absl::OkStatus();
    return base::InvalidField("order_by", listing.search
                                              ? "a search orders by username"
                                              : "a filter by prefix orders by that field");
  }
  if (order_by == "create_time desc") {
    listing.order = Order::kNewestFirst;
  } else if (order_by == "create_time") {
    listing.order = Order::kOldestFirst;
  } else if (order_by == "username") {
    listing.order = Order::kUsername;
  } else {
    return base::InvalidField("order_by",
                              "must be \"create_time desc\", \"create_time\" or \"username\"");
  }
  return absl::OkStatus();
}

absl::StatusOr<Query> ParseQuery(const base::Uuid& tenant_id, const v1::ListUsersRequest& request) {
  Query query;
  query.listing.tenant_id = tenant_id;
  GH_ASSIGN_OR_RETURN(const std::vector<FilterTerm> terms, ParseFilter(request.filter(), kFields));
  int names = 0;
  bool by_prefix = false;
  for (const FilterTerm& term : terms) {
    GH_RETURN_IF_ERROR(ApplyTerm(term, query));
    names += term.field == "username" || term.field == "email" || term.field == "search";
    by_prefix |= term.op == FilterTerm::Op::kPrefix;
  }
  if (names > 1) return InvalidFilter("\"username\", \"email\" and \"search\" do not go together");
  GH_RETURN_IF_ERROR(ApplyOrder(request.order_by(), by_prefix, query.listing));
  const bool by_key = names > 0 || query.listing.order == Order::kUsername;
  query.listing.show_deleted = request.show_deleted();
  if (request.show_deleted() && (by_key || query.listing.state)) {
    return base::InvalidField("show_deleted",
                              "does not go with username, email, search or state: a deleted user "
                              "has given up its names");
  }
  return query;
}

std::vector<std::string> PositionOf(const UserListing& listing, const storage::User& last) {
  switch (listing.order) {
    case Order::kUsername:
      return {last.username_key};
    case Order::kEmail:
      return {last.email_key.value_or("")};
    case Order::kNewestFirst:
    case Order::kOldestFirst:
      break;
  }
  return {std::to_string(base::ToMicros(last.create_time)), last.id.ToString()};
}

// `position` as PositionOf made it: the token was sealed by us.
void SetPosition(const std::vector<std::string>& position, UserListing& listing) {
  if (listing.order == Order::kUsername || listing.order == Order::kEmail) {
    listing.after_key = position.at(0);
    return;
  }
  int64_t micros = 0;
  const std::string& text = position.at(0);
  std::from_chars(text.data(), text.data() + text.size(), micros);
  listing.after_time = base::TimeFromMicros(micros);
  listing.after_id = base::Uuid::Parse(position.at(1)).value_or(base::Uuid());
}

absl::Status CheckSearch(const storage::UserSearch& search) {
  if (!search.available) {
    return InvalidFilter(
        "\"search\" takes an index that this server's database does not have: username = \"kim*\" "
        "and email = \"kim*\" find what begins like that");
  }
  if (!search.has_letters) {
    return InvalidFilter(
        "\"search\" needs three letters or digits in a row; less is found by username = \"ki*\"");
  }
  return absl::OkStatus();
}

bool Matches(const UserListing& listing, const storage::User& user) {
  return (!listing.role || *listing.role == user.role) &&
         (!listing.state || *listing.state == user.state);
}

}  // namespace

UserService::Result<v1::ListUsersResponse> UserService::ListUsers(base::CallContext ctx,
                                                                  v1::ListUsersRequest request) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  GH_CO_ASSIGN_OR_RETURN(Query query, ParseQuery(tenant_id, request));
  GH_CO_ASSIGN_OR_RETURN(const int32_t page_size, PageSize(request.page_size()));
  const PageScope scope{
      .method = ctx.method(),
      .tenant_id = tenant_id,
      .query = {request.filter(), request.order_by(), request.show_deleted() ? "deleted" : ""}};
  if (!request.page_token().empty()) {
    GH_CO_ASSIGN_OR_RETURN(const std::vector<std::string> position,
                           deps_.page_tokens.Open(scope, request.page_token()));
    SetPosition(position, query.listing);
  } else if (query.listing.role && !request.show_deleted()) {
    // Users who are deleted may have had one that has been deleted since.
    const absl::Status exists = co_await CheckRoleExists(ctx, *query.listing.role);
    if (base::HasReason(exists, base::Reason::kRoleNotFound)) {
      co_return InvalidFilter("\"role\": there is no role of that name");
    }
    GH_CO_RETURN_IF_ERROR(exists);
  }

  v1::ListUsersResponse response;
  if (query.username_key || query.email_key) {
    const auto user =
        query.username_key
            ? co_await deps_.users.GetByUsernameKey(ctx, tenant_id, *query.username_key)
            : co_await deps_.users.GetByEmailKey(ctx, tenant_id, *query.email_key);
    GH_CO_RETURN_IF_ERROR(user.status());
    if (*user && Matches(query.listing, **user)) {
      GH_CO_RETURN_IF_ERROR(ToProto(**user, *response.add_users()));
    }
    co_return response;
  }

  if (query.listing.search) {
    GH_CO_ASSIGN_OR_RETURN(const storage::UserSearch search,
                           co_await deps_.users.SearchFor(ctx, *query.listing.search));
    GH_CO_RETURN_IF_ERROR(CheckSearch(search));
  }
  // One more than wanted tells whether there is a next page.
  query.listing.limit = page_size + 1;
  query.listing.max_bytes = kMaxPageBytes;
  query.listing.freshness = storage::Freshness::kMayLag;
  GH_CO_ASSIGN_OR_RETURN(const storage::UserPage page,
                         co_await deps_.users.List(ctx, query.listing));
  if (page.too_many) {
    co_return InvalidFilter(absl::StrCat("\"search\": more than ", storage::kMaxSearchMatches,
                                         " users match; write more of the name"));
  }
  const std::vector<storage::User>& users = page.users;
  size_t bytes = 0;
  for (size_t i = 0; i < users.size(); ++i) {
    if (static_cast<int32_t>(i) == page_size || bytes > kMaxPageBytes) {
      response.set_next_page_token(
          deps_.page_tokens.Make(scope, PositionOf(query.listing, users[i - 1])));
      break;
    }
    v1::User& user = *response.add_users();
    GH_CO_RETURN_IF_ERROR(ToProto(users[i], user));
    bytes += user.ByteSizeLong();
  }
  if (page.cut && response.next_page_token().empty()) {
    response.set_next_page_token(
        deps_.page_tokens.Make(scope, PositionOf(query.listing, users.back())));
  }
  co_return response;
}

}  // namespace gatehouse::service
