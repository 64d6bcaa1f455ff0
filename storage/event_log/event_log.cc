#include "storage/event_log/event_log.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "storage/event_log/event_row.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {
namespace {

using postgres::Params;
using postgres::Query;
using postgres::Rows;
using postgres::RowView;
namespace queries = event_log::queries;

// Entries that one statement looks at while it searches for ones that match:
// a few milliseconds.
constexpr int64_t kMaxScanned = 5'000;

// Payload that one statement returns, give or take an event: what the callers hold in
// memory at a time, however many events they asked for. As much as one gRPC answer
// takes, so that a page of large events still fills it.
constexpr int64_t kMaxBytes = int64_t{3} << 20;

// What a read of a range looks at.
struct RangeWindow {
  RangeWindow(base::Uuid tenant, int64_t first, int32_t limit,
              const std::vector<std::string>& types)
      : tenant_id(tenant), from(first), max_rows(limit) {
    for (const std::string& type : types) {
      // "user.created" as it is, "user.*" as the prefix "user.".
      if (type.ends_with('*')) {
        prefixes.push_back(type.substr(0, type.size() - 1));
      } else {
        exact.push_back(type);
      }
    }
    end = from + (types.empty() ? max_rows : std::max(max_rows, kMaxScanned));
  }

  Params ToParams() const { return Params::Of(tenant_id, from, end, max_rows, exact, prefixes); }

  base::Uuid tenant_id;
  int64_t from;
  int64_t max_rows;
  int64_t end;
  std::vector<std::string> exact;
  std::vector<std::string> prefixes;
};

// `decode` makes an event of a row from column 2 on.
template <typename T, typename Decode>
absl::StatusOr<EventLog::RangeOf<T>> DecodeRange(const Rows& rows, const RangeWindow& window,
                                                 Decode decode) {
  EventLog::RangeOf<T> range;
  int64_t bytes = 0;
  const auto decoded = rows.Decode([&](RowView row) {
    range.head_index = row.Get<int64_t>(0);
    if (row.IsNull(2)) return true;
    bytes = row.Get<int64_t>(1);
    range.events.push_back(decode(row));
    return true;
  });
  GH_RETURN_IF_ERROR(decoded.status());
  const bool full = static_cast<int64_t>(range.events.size()) == window.max_rows;
  range.last_index = full || bytes >= kMaxBytes ? range.events.back().index
                                                : std::min(window.end - 1, range.head_index);
  return range;
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
  Params params = Params::Of(query.tenant_id, query.min_index, query.max_index, scan, limit,
                             static_cast<int32_t>(query.outcome.value_or(Outcome{})),
                             query.min_occurred_time, query.max_occurred_time, query.type,
                             query.type_is_prefix, query.actor_id, kMaxBytes);
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
  co_return rows.DecodeOne([&](RowView row) { return DecodeLoggedEvent(row, 0, tenant_id); });
}

base::Task<absl::StatusOr<EventLog::Page>> EventLog::List(base::CallContext ctx, EventQuery query) {
  const ListPlan plan = PlanFor(query);
  // One more than asked for tells whether there is another page.
  const int64_t limit = query.limit + 1;
  const int64_t scan = plan.filters ? std::max(limit, kMaxScanned) : limit;
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), plan.query, ListParams(query, plan, scan, limit),
                               query.freshness));
  Page page;
  int64_t scanned = 0;
  int64_t last_scanned = 0;
  int64_t bytes = 0;
  const auto decoded = rows.Decode([&](RowView row) {
    scanned = row.Get<int64_t>(0);
    last_scanned = row.Get<int64_t>(1);
    if (row.IsNull(3)) return true;
    bytes = row.Get<int64_t>(2);
    page.events.push_back(DecodeLoggedEvent(row, 3, query.tenant_id));
    return true;
  });
  GH_CO_RETURN_IF_ERROR(decoded.status());
  const int64_t step = query.descending ? -1 : 1;
  if (page.events.size() == static_cast<size_t>(limit)) {
    page.next_index = page.events.back().index;
    page.events.pop_back();
  } else if (bytes >= kMaxBytes) {
    page.next_index = page.events.back().index + step;
  } else if (scanned == scan) {
    page.next_index = last_scanned + step;
  }
  co_return page;
}

base::Task<absl::StatusOr<EventLog::Range>> EventLog::ReadRange(base::CallContext ctx,
                                                                base::Uuid tenant_id,
                                                                int64_t from_index, int32_t limit,
                                                                std::vector<std::string> types) {
  const RangeWindow window(tenant_id, from_index, limit, types);
  Params params = window.ToParams();
  params.Add(kMaxBytes);
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kReadRange, std::move(params)));
  co_return DecodeRange<LoggedEvent>(
      rows, window, [&](const RowView& row) { return DecodeLoggedEvent(row, 2, tenant_id); });
}

base::Task<absl::StatusOr<EventLog::EntryRange>> EventLog::ReadEntries(
    base::CallContext ctx, base::Uuid tenant_id, int64_t from_index, int32_t limit,
    std::vector<std::string> types) {
  const RangeWindow window(tenant_id, from_index, limit, types);
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kReadEntries, window.ToParams()));
  co_return DecodeRange<LogEntry>(rows, window, [](const RowView& row) {
    return LogEntry{.index = row.Get<int64_t>(2),
                    .event_id = row.Get<base::Uuid>(3),
                    .type = row.Get<std::string>(4)};
  });
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

base::Task<absl::StatusOr<EventLog::Bounds>> EventLog::ReadBounds(base::CallContext ctx,
                                                                  base::Uuid tenant_id) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kGetBounds, Params::Of(tenant_id)));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<Bounds> bounds, rows.DecodeOne([](RowView row) {
    return Bounds{.first = row.Get<int64_t>(0), .head = row.Get<int64_t>(1)};
  }));
  co_return bounds.value_or(Bounds());
}

base::Task<absl::StatusOr<std::vector<EventLog::Head>>> EventLog::Heads(base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kListHeads, Params()));
  co_return rows.Decode([](RowView row) {
    return Head{.tenant_id = row.Get<base::Uuid>(0), .index = row.Get<int64_t>(1)};
  });
}

base::Task<absl::StatusOr<EventLog::Progress>> EventLog::ProgressSince(base::CallContext ctx,
                                                                       std::string since) {
  postgres::Batch batch;
  batch.Add(queries::kPrepareProgress);
  batch.Add(queries::kProgress, Params::Of(since));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                         co_await database_.Run(std::move(ctx), std::move(batch)));
  Progress progress;
  const auto decoded = results.back().Decode([&](RowView row) {
    progress.snapshot = row.Get<std::string>(0);
    progress.complete = row.Get<bool>(1);
    // None at all in an empty log.
    if (const auto tenant_id = row.Get<std::optional<base::Uuid>>(2)) {
      progress.heads.push_back({.tenant_id = *tenant_id, .index = row.Get<int64_t>(3)});
    }
    return true;
  });
  GH_CO_RETURN_IF_ERROR(decoded.status());
  co_return progress;
}

base::Task<absl::StatusOr<std::optional<int64_t>>> EventLog::IndexOf(base::CallContext ctx,
                                                                     base::Uuid tenant_id,
                                                                     base::Uuid event_id) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kGetIndex,
                                                  Params::Of(tenant_id, event_id)));
  co_return rows.DecodeOne([](RowView row) { return row.Get<int64_t>(0); });
}

base::Task<absl::StatusOr<std::string>> EventLog::FormatDetails(base::CallContext ctx,
                                                                std::string details_json) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kFormatDetails,
                                                  Params::Of(postgres::Jsonb{details_json})));
  GH_CO_ASSIGN_OR_RETURN(std::optional<std::string> formatted, rows.DecodeOne([](RowView row) {
    return row.Get<postgres::Jsonb>(0).value;
  }));
  co_return *std::move(formatted);
}

base::Task<absl::StatusOr<std::optional<int64_t>>> EventLog::FirstAbout(base::CallContext ctx,
                                                                        base::Uuid tenant_id,
                                                                        std::string target_id,
                                                                        std::string type) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kFirstAbout,
                                                  Params::Of(tenant_id, target_id, type)));
  co_return rows.DecodeOne([](RowView row) { return row.Get<int64_t>(0); });
}

base::Task<absl::StatusOr<std::optional<int64_t>>> EventLog::FirstSince(base::CallContext ctx,
                                                                        base::Uuid tenant_id,
                                                                        base::Time time) {
  // Ids hold whole milliseconds: within one, all of it counts.
  const int64_t millis =
      std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kFirstSince,
                                                  Params::Of(tenant_id, int64_t{millis})));
  co_return rows.DecodeOne([](RowView row) { return row.Get<int64_t>(0); });
}

base::Task<absl::StatusOr<std::optional<int64_t>>> EventLog::LowestSince(base::CallContext ctx,
                                                                         base::Uuid tenant_id,
                                                                         base::Time time) {
  const int64_t millis =
      std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kLowestSince,
                               Params::Of(tenant_id, int64_t{millis}, int64_t{kLookAhead})));
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<std::optional<int64_t>> lowest,
      rows.DecodeOne([](RowView row) { return row.Get<std::optional<int64_t>>(0); }));
  co_return lowest.value_or(std::nullopt);
}

}  // namespace gatehouse::storage
