// How a lane sends segments. What comes back is in lane.cc.

#include <libpq-fe.h>

#include <algorithm>

#include "base/status.h"
#include "storage/postgres/client/lanes/lane.h"

namespace gatehouse::storage::postgres {
namespace {

constexpr int kBinary = 1;

// What libpq wants to be told about parameters, column by column.
struct ParamArrays {
  explicit ParamArrays(const Params& params) {
    for (size_t i = 0; i < params.size(); ++i) {
      types.push_back(params.oid(i));
      values.push_back(params.is_null(i) ? nullptr : params.bytes(i).data());
      lengths.push_back(static_cast<int>(params.bytes(i).size()));
      formats.push_back(kBinary);
    }
  }
  int count() const { return static_cast<int>(types.size()); }

  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
};

std::string PreparedKey(const Query& query, const Params& params) {
  std::string key(query.name);
  key.push_back('\0');
  for (size_t i = 0; i < params.size(); ++i) key += std::to_string(params.oid(i)) + ",";
  return key;
}

// How many of `segments`, from the first on, are one statement for all of them.
size_t CountJoined(std::span<const SegmentPtr> segments) {
  const auto& first = segments.front()->batch.statements();
  if (first.size() != 1 || first.front().query.many == nullptr) return 1;
  size_t count = 1;
  while (count < segments.size()) {
    const auto& next = segments[count]->batch.statements();
    if (next.size() != 1 || next.front().query.many != first.front().query.many ||
        !next.front().params.MayJoin(first.front().params)) {
      break;
    }
    ++count;
  }
  return count;
}

}  // namespace

bool Lane::SendStatement(const Batch::Statement& statement, size_t members, InFlight& entry) {
  const ParamArrays params(statement.params);
  const size_t member = entry.members.size() - members;
  ++state_->counters.statements;
  if (statement.query.name.empty() || !state_->config.use_prepared_statements) {
    entry.commands.push_back({.member = member, .members = members});
    return PQsendQueryParams(connection_, std::string(statement.query.text).c_str(), params.count(),
                             params.types.data(), params.values.data(), params.lengths.data(),
                             params.formats.data(), kBinary) == 1;
  }
  const std::string key = PreparedKey(statement.query, statement.params);
  auto [found, is_new] = prepared_.try_emplace(key);
  if (is_new) {
    found->second = "s" + std::to_string(++prepared_names_);
    entry.commands.push_back({.member = member,
                              .members = members,
                              .is_prepare = true,
                              .key = key,
                              .name = found->second});
    ++state_->counters.prepares;
    if (PQsendPrepare(connection_, found->second.c_str(), std::string(statement.query.text).c_str(),
                      params.count(), params.types.data()) != 1) {
      return false;
    }
  }
  entry.commands.push_back(
      {.member = member, .members = members, .key = key, .name = found->second});
  return PQsendQueryPrepared(connection_, found->second.c_str(), params.count(),
                             params.values.data(), params.lengths.data(), params.formats.data(),
                             kBinary) == 1;
}

bool Lane::SendStatements(std::span<const SegmentPtr> segments, InFlight& entry) {
  for (const SegmentPtr& segment : segments) entry.members.push_back({.segment = segment});
  const std::vector<Batch::Statement>& statements = segments.front()->batch.statements();
  if (segments.size() == 1) {
    return std::ranges::all_of(statements, [&](const Batch::Statement& statement) {
      return SendStatement(statement, 1, entry);
    });
  }
  std::vector<const Params*> calls;
  for (const SegmentPtr& segment : segments) {
    calls.push_back(&segment->batch.statements().front().params);
  }
  return SendStatement({*statements.front().query.many, Params::Join(calls)}, segments.size(),
                       entry);
}

bool Lane::Send(std::span<const SegmentPtr> segments) {
  InFlight entry{.exposed_to_cancel = cancel_under_way_};
  bool sent = true;
  for (size_t next = 0; sent && next < segments.size(); next = entry.members.size()) {
    const std::span<const SegmentPtr> rest = segments.subspan(next);
    sent = SendStatements(rest.first(CountJoined(rest)), entry);
  }
  if (!sent) {
    // Without their Sync the server drops what it got of the segments.
    const std::string why = PQerrorMessage(connection_);
    const bool broken = PQstatus(connection_) == CONNECTION_BAD;
    Fail(why);
    if (broken) return false;
    const SegmentPtr& refused = entry.members.back().segment;
    for (const SegmentPtr& segment : segments) {
      if (segment == refused) continue;
      segment->alone = true;
      owner_.Resubmit(segment);
    }
    refused->done.Set(base::InternalError("libpq does not take the statement: " + why));
    return true;
  }
  for (const SegmentPtr& segment : segments) segment->lane = this;
  Track(std::move(entry));
  ++state_->counters.syncs;
  // Sends at once: libpq 15 has no Sync without a flush.
  if (PQpipelineSync(connection_) == 1) {
    Flush();
  } else {
    FailAfterReading();
  }
  return true;
}

void Lane::Track(InFlight entry) {
  segments_in_flight_ += entry.size();
  state_->counters.in_flight += static_cast<int64_t>(entry.size());
  in_flight_.push_back(std::move(entry));
}

Lane::InFlight Lane::TakeHead() {
  InFlight entry = std::move(in_flight_.front());
  in_flight_.pop_front();
  segments_in_flight_ -= entry.size();
  state_->counters.in_flight -= static_cast<int64_t>(entry.size());
  return entry;
}

std::deque<Lane::InFlight> Lane::TakeAll() {
  state_->counters.in_flight -= static_cast<int64_t>(std::exchange(segments_in_flight_, 0));
  return std::exchange(in_flight_, {});
}

void Lane::DeallocateStale() {
  if (stale_.empty()) return;
  InFlight entry;
  bool sent = true;
  for (const std::string& name : stale_) {
    entry.commands.emplace_back();
    sent = sent && PQsendQueryParams(connection_, ("DEALLOCATE " + name).c_str(), 0, nullptr,
                                     nullptr, nullptr, nullptr, kBinary) == 1;
  }
  stale_.clear();
  if (!sent || PQpipelineSync(connection_) != 1) {
    Fail(PQerrorMessage(connection_));
    return;
  }
  Track(std::move(entry));
}

}  // namespace gatehouse::storage::postgres
