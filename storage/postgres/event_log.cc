#include "storage/event_log.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/event_row.h"
#include "storage/postgres/queries/event_log/event_log_queries.h"

namespace gatehouse::storage {
namespace {

using postgres::Params;
using postgres::Query;
using postgres::Rows;
using postgres::RowView;
namespace queries = postgres::queries::event_log;

// Entries that one statement looks at while it searches for ones that match:
// a few milliseconds.
constexpr int64_t kMaxScanned = 5'000;

// "user.created" as it is, "user.*" as the prefix "user.".
struct TypeTerms {
  std::vector<std::string> exact;
  std::vector<std::string> prefixes;

  explicit TypeTerms(const std::vector<std::string>& types) {
    for (const std::string& type : types) {
      if (type.ends_with('*')) {
        prefixes.push_back(type.substr(0, type.size() - 1));
      } else {
        exact.push_back(type);
      }
    }
  }
  bool empty() const { return exact.empty() && prefixes.empty(); }
};

// Where a search from `from` ends that looks at no more than it should.
int64_t WindowEnd(int64_t from, int32_t limit, const TypeTerms& types) {
  return from + (types.empty() ? limit : std::max<int64_t>(limit, kMaxScanned));
}

// The highest index up to which a range read has seen everything.
int64_t LastSeen(int64_t last_row, size_t rows, int32_t limit, int64_t window_end, int64_t head) {
  if (rows == static_cast<size_t>(limit)) return last_row;
  return std::min(window_end - 1, head);
}

// The statement whose index serves the most selective term, and that term.
struct ListPlan {
  Query query;
  std::string searched;
  // Terms are left that the index does not serve.
  bool filters = false;
};

ListPlan PlanFor(const EventQuery& query) {
  const bool desc = query.descending;
  const bool exact_type = !query.type.empty() && !query.type_is_prefix;
  ListPlan plan;
  plan.filters = query.outcome || query.type_is_prefix ||
                 query.min_occurred_time != base::Time::min() ||
                 query.max_occurred_time != base::Time::max();
  if (!query.target_id.empty()) {
    plan.query = desc ? queries::kListByTargetDesc : queries::kListByTargetAsc;
    plan.searched = query.target_id;
    plan.filters |= exact_type || !query.actor_id.empty();
  } else if (!query.actor_id.empty()) {
    plan.query = desc ? queries::kListByActorDesc : queries::kListByActorAsc;
    plan.searched = query.actor_id;
    plan.filters |= exact_type;
  } else if (exact_type) {
    plan.query = desc ? queries::kListByTypeDesc : queries::kListByTypeAsc;
    plan.searched = query.type;
  } else {
    plan.query = desc ? queries::kListDesc : queries::kListAsc;
  }
  return plan;
}

Params ListParams(const EventQuery& query, const ListPlan& plan, int64_t scan, int64_t limit) {
  Params params =
      Params::Of(query.tenant_id, query.min_index, query.max_index, scan, limit,
                 static_cast<int32_t>(query.outcome.value_or(Outcome{})), query.min_occurred_time,
                 query.max_occurred_time, query.type, query.type_is_prefix, query.actor_id);
  if (!plan.searched.empty()) params.Add(plan.searched);
  return params;
}

}  // namespace

base::Task<absl::StatusOr<std::optional<LoggedEvent>>> EventLog::Get(base::CallContext ctx,
                                                                     base::Uuid tenant_id,
                                                                     base::Uuid event_id) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kGet, Params::Of(tenant_id, event_id)));
  co_return rows.DecodeOne(
      [&](RowView row) { return postgres::DecodeLoggedEvent(row, 0, tenant_id); });
}

base::Task<absl::StatusOr<EventLog::Page>> EventLog::List(base::CallContext ctx, EventQuery query) {
  const ListPlan plan = PlanFor(query);
  // One more than asked for tells whether there is another page.
  const int64_t limit = query.limit + 1;
  const int64_t scan = plan.filters ? std::max(limit, kMaxScanned) : limit;
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), plan.query, ListParams(query, plan, scan, limit)));
  Page page;
  int64_t scanned = 0;
  int64_t last_scanned = 0;
  const auto decoded = rows.Decode([&](RowView row) {
    scanned = row.Get<int64_t>(0);
    last_scanned = row.Get<int64_t>(1);
    if (!row.IsNull(2)) {
      page.events.push_back(postgres::DecodeLoggedEvent(row, 2, query.tenant_id));
    }
    return true;
  });
  GH_CO_RETURN_IF_ERROR(decoded.status());
  if (page.events.size() == static_cast<size_t>(limit)) {
    page.next_index = page.events.back().index;
    page.events.pop_back();
  } else if (scanned == scan) {
    page.next_index = query.descending ? last_scanned - 1 : last_scanned + 1;
  }
  co_return page;
}

base::Task<absl::StatusOr<EventLog::Range>> EventLog::ReadRange(base::CallContext ctx,
                                                                base::Uuid tenant_id,
                                                                int64_t from_index, int32_t limit,
                                                                std::vector<std::string> types) {
  const TypeTerms terms(types);
  const int64_t end = WindowEnd(from_index, limit, terms);
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kReadRange,
                               Params::Of(tenant_id, from_index, end, static_cast<int64_t>(limit),
                                          terms.exact, terms.prefixes)));
  Range range;
  const auto decoded = rows.Decode([&](RowView row) {
    range.head_index = row.Get<int64_t>(0);
    if (!row.IsNull(1)) range.events.push_back(postgres::DecodeLoggedEvent(row, 1, tenant_id));
    return true;
  });
  GH_CO_RETURN_IF_ERROR(decoded.status());
  range.last_index = LastSeen(range.events.empty() ? 0 : range.events.back().index,
                              range.events.size(), limit, end, range.head_index);
  co_return range;
}

base::Task<absl::StatusOr<EventLog::EntryRange>> EventLog::ReadEntries(
    base::CallContext ctx, base::Uuid tenant_id, int64_t from_index, int32_t limit,
    std::vector<std::string> types) {
  const TypeTerms terms(types);
  const int64_t end = WindowEnd(from_index, limit, terms);
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kReadEntries,
                               Params::Of(tenant_id, from_index, end, static_cast<int64_t>(limit),
                                          terms.exact, terms.prefixes)));
  EntryRange range;
  const auto decoded = rows.Decode([&](RowView row) {
    range.head_index = row.Get<int64_t>(0);
    if (!row.IsNull(1)) {
      range.entries.push_back({.index = row.Get<int64_t>(1),
                               .event_id = row.Get<base::Uuid>(2),
                               .type = row.Get<std::string>(3)});
    }
    return true;
  });
  GH_CO_RETURN_IF_ERROR(decoded.status());
  range.last_index = LastSeen(range.entries.empty() ? 0 : range.entries.back().index,
                              range.entries.size(), limit, end, range.head_index);
  co_return range;
}

base::Task<absl::StatusOr<int64_t>> EventLog::HeadIndex(base::CallContext ctx,
                                                        base::Uuid tenant_id) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kGetHead, Params::Of(tenant_id)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> head,
                         rows.DecodeOne([](RowView row) { return row.Get<int64_t>(0); }));
  co_return head.value_or(0);
}

base::Task<absl::StatusOr<std::vector<EventLog::Head>>> EventLog::Heads(base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kListHeads, Params()));
  co_return rows.Decode([](RowView row) {
    return Head{.tenant_id = row.Get<base::Uuid>(0), .index = row.Get<int64_t>(1)};
  });
}

base::Task<absl::StatusOr<std::optional<int64_t>>> EventLog::IndexOf(base::CallContext ctx,
                                                                     base::Uuid tenant_id,
                                                                     base::Uuid event_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kGetIndex,
                                                  Params::Of(tenant_id, event_id)));
  co_return rows.DecodeOne([](RowView row) { return row.Get<int64_t>(0); });
}

}  // namespace gatehouse::storage
