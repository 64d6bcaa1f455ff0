#include "service/session/login/login_failures.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/hash.h"
#include "base/status.h"
#include "service/common/json.h"
#include "storage/event_log/event_store.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using base::CallContext;
using base::Task;
using storage::Event;
using storage::EventTarget;

Event FailedEvent(const CallContext& ctx, base::Time now, const std::optional<EventTarget>& user) {
  Event event =
      storage::MakeEvent(ctx, now, std::string(storage::event_types::kSessionLoginFailed), {});
  event.outcome = storage::Outcome::kFailure;
  // Only an account that exists is named: what was typed as a login may have
  // been a password.
  if (user) event.targets.push_back(*user);
  return event;
}

}  // namespace

LoginFailures::LoginFailures(storage::EventStore& events, const base::Clock& clock, Options options)
    : events_(events),
      clock_(clock),
      max_counted_(options.max_counted),
      limiter_(options.limit),
      recorded_(options.recorded) {}

void LoginFailures::Count::Add(const Count& other) {
  if (total() == 0) first = other.first;
  if (other.user) user = other.user;
  failed += other.failed;
  refused += other.refused;
  first = std::min(first, other.first);
  last = std::max(last, other.last);
}

LoginFailures::Attempt LoginFailures::Of(const CallContext& ctx, const std::string& account_key) {
  const std::string address = ctx.client_key();
  // The lengths of what goes before the account are fixed, or told.
  return {.key = base::Sha256(std::string(ctx.principal().tenant_id.bytes()) +
                              static_cast<char>(address.size()) + address + account_key)};
}

Task<absl::Status> LoginFailures::Begin(CallContext ctx, Attempt attempt) {
  const auto wait = limiter_.Take(attempt.key, std::chrono::steady_clock::now());
  if (!wait) co_return absl::OkStatus();
  ++refused_;
  const base::Time now = clock_.Now();
  const bool noted = Note(attempt.key, {.tenant_id = ctx.principal().tenant_id,
                                        .address = ctx.peer_ip(),
                                        .refused = 1,
                                        .first = now,
                                        .last = now});
  if (!noted) GH_CO_RETURN_IF_ERROR(co_await events_.AppendNow(ctx, FailedEvent(ctx, now, {})));
  co_return auth::RateLimited(*wait, "failed logins to an account from an address");
}

void LoginFailures::TakeBack(const Attempt& attempt) { limiter_.GiveBack(attempt.key); }

Task<absl::Status> LoginFailures::Failed(CallContext ctx, Attempt attempt,
                                         std::optional<EventTarget> user) {
  const base::Time now = clock_.Now();
  const std::string address = ctx.client_key();
  const bool counted = recorded_.Take(address, std::chrono::steady_clock::now()).has_value();
  // Also if it is not counted, an account that exists is remembered for attempts that will be
  // refused before it is looked up.
  bool noted = true;
  if (counted || user) {
    noted = Note(user ? attempt.key : Of(ctx, "").key, {.tenant_id = ctx.principal().tenant_id,
                                                        .address = ctx.peer_ip(),
                                                        .user = user,
                                                        .failed = counted ? 1 : 0,
                                                        .first = now,
                                                        .last = now});
  }
  if (counted && noted) co_return absl::OkStatus();
  co_return co_await events_.AppendNow(ctx, FailedEvent(ctx, now, user));
}

bool LoginFailures::Note(const std::string& key, const Count& more) {
  base::MutexLock lock(mutex_);
  auto found = counts_.find(key);
  if (found == counts_.end()) {
    if (counts_.size() >= max_counted_) return false;
    found = counts_.emplace(key, more).first;
  } else {
    found->second.Add(more);
  }
  found->second.touched = true;
  return true;
}

std::optional<LoginFailures::Count> LoginFailures::TakeCount(std::string& from) {
  base::MutexLock lock(mutex_);
  auto at = counts_.upper_bound(from);
  while (at != counts_.end() && at->second.total() == 0) {
    at = std::exchange(at->second.touched, false) ? std::next(at) : counts_.erase(at);
  }
  if (at == counts_.end()) return std::nullopt;
  from = at->first;
  Count taken = at->second;
  at->second.failed = 0;
  at->second.refused = 0;
  return taken;
}

Event LoginFailures::EventOf(const CallContext& ctx, const Count& count) const {
  Event event = FailedEvent(ctx, clock_.Now(), count.user);
  // Nil: of no tenant, which is the operator's affair, as in MakeEvent.
  if (!count.tenant_id.is_nil()) event.tenant_id = count.tenant_id;
  event.actor = {"anonymous", "", ""};
  event.ip_address = count.address;
  event.occurred_time = count.last;
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  const base::Duration window = count.last - count.first;
  event.details_json = JsonObject()
                           .AddNumber("count", count.total())
                           .AddNumber("refused", count.refused)
                           .AddNumber("window_ms", duration_cast<milliseconds>(window).count())
                           .ToString();
  return event;
}

Task<absl::Status> LoginFailures::WriteCounted(CallContext ctx) {
  std::string from;
  while (std::optional<Count> count = TakeCount(from)) {
    const absl::Status written = co_await events_.Append(ctx, EventOf(ctx, *count));
    if (written.ok()) continue;
    base::MutexLock lock(mutex_);
    const auto [kept, was_gone] = counts_.try_emplace(from, *count);
    if (!was_gone) kept->second.Add(*count);
    co_return written;
  }
  co_return absl::OkStatus();
}

size_t LoginFailures::counted() const {
  base::MutexLock lock(mutex_);
  return static_cast<size_t>(
      std::ranges::count_if(counts_, [](const auto& entry) { return entry.second.total() > 0; }));
}

}  // namespace gatehouse::service
