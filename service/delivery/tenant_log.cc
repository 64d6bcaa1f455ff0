#include "service/delivery/tenant_log.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "service/common/event_type.h"
#include "service/delivery/payload.h"
#include "storage/ordering_key.h"

namespace gatehouse::service::delivery {
namespace {

// What endpoints that are up to date share. Whoever falls further behind reads
// pages of its own.
constexpr size_t kMaxWindowEvents = 4096;
constexpr size_t kMaxWindowBytes = size_t{16} << 20;

// The first entry of each type: matching looks at types, not at entries.
using FirstByType = std::map<std::string_view, int64_t>;

FirstByType IndexTypes(std::span<const storage::LogEntry> entries) {
  FirstByType first;
  for (const storage::LogEntry& entry : entries) first.emplace(entry.type, entry.index);
  return first;
}

// 0 if there is none.
int64_t FirstMatch(const FirstByType& types, const std::vector<std::string>& patterns) {
  int64_t first = 0;
  for (const auto& [type, index] : types) {
    if ((first == 0 || index < first) && MatchesAny(patterns, type)) first = index;
  }
  return first;
}

}  // namespace

TenantLog::TenantLog(base::Uuid tenant_id, int64_t position)
    : tenant_id_(tenant_id),
      matched_(position),
      durable_(position),
      window_begin_(position + 1),
      window_end_(position) {}

std::vector<TenantLog::Match> TenantLog::MatchEntries(std::span<const storage::LogEntry> entries,
                                                      const EndpointMap& endpoints) {
  std::vector<Match> matches;
  if (entries.empty()) return matches;
  NoteTimes(entries);
  const FirstByType types = IndexTypes(entries);
  for (const auto& [id, endpoint] : endpoints) {
    int64_t first = 0;
    if (!endpoint->created_event_id || started_.contains(id)) {
      first = FirstMatch(types, endpoint->event_types);
    } else {
      const auto created =
          std::ranges::find(entries, *endpoint->created_event_id, &storage::LogEntry::event_id);
      if (created == entries.end()) continue;
      started_.insert(id);
      pending_[id].created_index = created->index;
      created_pending_ = true;
      first = FirstMatch(IndexTypes({created + 1, entries.end()}), endpoint->event_types);
    }
    if (first == 0) continue;
    Pending& pending = pending_[id];
    if (pending.first_index == 0) pending.first_index = first;
    // Not later than what is about to be marked: whoever leases the endpoint
    // before that must not skip it.
    const auto marking = marking_.find(id);
    const bool earlier = marking != marking_.end() && marking->second.first_index != 0;
    matches.push_back({.endpoint_id = id,
                       .first_index = earlier ? marking->second.first_index : pending.first_index});
  }
  matched_ = entries.back().index;
  return matches;
}

void TenantLog::NoteTimes(std::span<const storage::LogEntry> entries) {
  for (const storage::LogEntry& entry : entries) {
    const base::Time time = entry.event_id.v7_time();
    if (!milestones_.empty() && time < milestones_.back().time + kTimeStep) continue;
    milestones_.push_back({.index = entry.index, .time = time});
  }
  while (milestones_.size() > 1 && milestones_[1].time + kTimesKept <= milestones_.back().time) {
    milestones_.pop_front();
  }
}

std::optional<base::Time> TenantLog::RecordedAt(int64_t index) const {
  if (milestones_.empty()) return std::nullopt;
  const auto after = std::ranges::upper_bound(milestones_, index, {}, &Milestone::index);
  return after == milestones_.begin() ? after->time : std::prev(after)->time;
}

std::vector<storage::DeliveryStore::Mark> TenantLog::BeginMark() {
  marking_ = std::move(pending_);
  pending_.clear();
  created_pending_ = false;
  std::vector<storage::DeliveryStore::Mark> marks;
  for (const auto& [id, pending] : marking_) {
    storage::DeliveryStore::Mark mark{.endpoint_id = id};
    if (pending.first_index != 0) mark.first_index = pending.first_index;
    if (pending.created_index != 0) mark.created_index = pending.created_index;
    marks.push_back(mark);
  }
  return marks;
}

void TenantLog::OnMarked(int64_t position) {
  durable_ = std::max(durable_, std::min(position, matched_));
  marking_.clear();
}

void TenantLog::OnMarkFailed() {
  for (auto& [id, marking] : marking_) {
    Pending& pending = pending_[id];
    if (marking.first_index != 0) pending.first_index = marking.first_index;
    if (marking.created_index != 0) {
      pending.created_index = marking.created_index;
      created_pending_ = true;
    }
  }
  marking_.clear();
}

void TenantLog::ResetWindow(std::vector<std::string> types) {
  window_types_ = std::move(types);
  window_.clear();
  window_bytes_ = 0;
  window_begin_ = matched_ + 1;
  window_end_ = matched_;
}

bool TenantLog::WindowHolds(std::span<const std::string> patterns) const {
  return window_types_.empty() || std::ranges::all_of(patterns, [this](const std::string& pattern) {
           return std::ranges::find(window_types_, pattern) != window_types_.end();
         });
}

void TenantLog::Append(std::vector<storage::LoggedEvent> events, int64_t through) {
  for (const storage::LoggedEvent& event : events) {
    if (event.index > matched_) break;
    window_.push_back(MakeItem(event));
    window_bytes_ += window_.back().body->size();
  }
  window_end_ = std::max(window_end_, std::min(through, matched_));
  while (!window_.empty() &&
         (window_.size() > kMaxWindowEvents || window_bytes_ > kMaxWindowBytes)) {
    window_begin_ = window_.front().index + 1;
    window_bytes_ -= window_.front().body->size();
    window_.pop_front();
  }
}

std::vector<DeliveryItem> TenantLog::EventsAfter(int64_t after, const WantedEvents& wanted) const {
  std::vector<DeliveryItem> items;
  auto next = std::ranges::upper_bound(window_, after, {}, &DeliveryItem::index);
  for (; next != window_.end(); ++next) {
    if (wanted.Wants(next->type, *next->body)) items.push_back(*next);
  }
  return items;
}

DeliveryItem MakeItem(const storage::LoggedEvent& logged) {
  return {.index = logged.index,
          .event_id = logged.event.id,
          .type = logged.event.type,
          .ordering_key = storage::OrderingKeyOf(logged.event),
          .body = std::make_shared<const std::string>(BuildPayload(logged.event))};
}

}  // namespace gatehouse::service::delivery
