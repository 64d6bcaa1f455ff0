#include "service/delivery/http/name_resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/async/mutex.h"

namespace gatehouse::service::delivery {
namespace {

// As long as curl would remember an answer.
constexpr std::chrono::seconds kLifetime{60};
// How long after that an answer is still given while it is asked for again, or DNS is
// down: endpoints that are in use do not wait for DNS, and one that moved is found anew.
constexpr std::chrono::seconds kStaleLifetime{300};
// That a name could not be looked up. Short, since its owner may just be repairing it;
// enough for all deliveries that are due together to cost one look-up.
constexpr std::chrono::seconds kFailureLifetime{5};
// Names that are remembered; endpoints whose names nobody remembers are looked up
// again.
constexpr size_t kMaxKnown = 10'000;
// A name whose servers do not answer occupies a thread for as long as the system tries,
// usually 10 to 20 s. As many such names as there are threads hold up all others that
// are not known yet, but only once: afterwards they are known to have failed.
constexpr size_t kThreads = 8;
// Names that failed last time get no more threads than this, and only after all others,
// so that names that are dead for long hold up nobody but each other.
constexpr size_t kThreadsForFailing = 4;
// More than there can be deliveries in flight that wait for names.
constexpr size_t kMaxQueued = 10'000;
// Threads without a look-up end at once; for one with a look-up no wait is worth while.
constexpr std::chrono::milliseconds kIdleThreadsEnd{100};

}  // namespace

// What look-ups share with the resolver, which they may outlive.
struct NameResolver::Shared {
  Shared(base::Loop& on, LookUp how, NameResolver* owner)
      : loop(on), look_up(std::move(how)), resolver(owner) {}

  NameResolver* Owner() GH_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    return resolver;
  }

  // On a thread of the pool.
  static void Run(const std::shared_ptr<Shared>& shared, const std::string& host) {
    if (shared->Owner() == nullptr) return;
    const Addresses addresses = shared->look_up(host);
    base::MutexLock lock(shared->mutex);
    // Without its resolver the loop may be gone.
    if (shared->resolver == nullptr) return;
    shared->loop.Post([shared, host, addresses] {
      NameResolver* const owner = shared->Owner();
      if (owner != nullptr) owner->OnAnswer(host, addresses);
    });
  }

  base::Loop& loop;
  const LookUp look_up;
  base::Mutex mutex;
  // Null when it is gone. Called on its loop only.
  NameResolver* resolver GH_GUARDED_BY(mutex);
};

NameResolver::Addresses NameResolver::AskSystem(const std::string& host) {
  const addrinfo hints{.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  addrinfo* answer = nullptr;
  Addresses addresses;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &answer) != 0) return addresses;
  for (const addrinfo* entry = answer; entry != nullptr; entry = entry->ai_next) {
    const std::optional<IpAddress> address = IpAddress::FromSockaddr(*entry->ai_addr);
    if (address && std::ranges::find(addresses, *address) == addresses.end()) {
      addresses.push_back(*address);
    }
  }
  ::freeaddrinfo(answer);
  return addresses;
}

NameResolver::NameResolver(base::Loop& loop, LookUp look_up, std::function<base::SteadyTime()> now)
    : now_(std::move(now)),
      lines_{Line{.max_running = kThreads}, Line{.max_running = kThreadsForFailing}},
      shared_(std::make_shared<Shared>(loop, std::move(look_up), this)),
      // What waits, waits in lines_.
      threads_("resolver", kThreads, kThreads) {}

NameResolver::~NameResolver() {
  {
    base::MutexLock lock(shared_->mutex);
    shared_->resolver = nullptr;
  }
  threads_.StopBy(std::chrono::steady_clock::now() + kIdleThreadsEnd);
}

void NameResolver::Resolve(const std::string& host, base::SteadyTime give_up, Done done) {
  const base::SteadyTime now = now_();
  const auto known = known_.find(host);
  if (known == known_.end() || now >= known->second.usable_until) {
    Ask(host, Waiter{give_up, std::move(done)});
    return;
  }
  const Addresses addresses = known->second.addresses;
  if (now >= known->second.fresh_until) Ask(host, std::nullopt);
  done(addresses);
}

void NameResolver::Ask(const std::string& host, std::optional<Waiter> waiter) {
  const auto found = asked_.find(host);
  if (found == asked_.end() && lines_[0].hosts.size() + lines_[1].hosts.size() >= kMaxQueued) {
    return;
  }
  Asked& asked = found == asked_.end() ? asked_[host] : found->second;
  if (waiter) {
    asked.waiting.push_back(*std::move(waiter));
  } else {
    asked.refresh = true;
  }
  if (asked.line != nullptr) return;
  const auto known = known_.find(host);
  asked.line = &lines_[known != known_.end() && known->second.failed_last ? 1 : 0];
  asked.line->hosts.push_back(host);
  StartLookUps();
}

void NameResolver::StartLookUps() {
  for (Line& line : lines_) {
    while (!line.hosts.empty() && line.running < line.max_running &&
           lines_[0].running + lines_[1].running < kThreads) {
      StartFirst(line);
    }
  }
}

void NameResolver::StartFirst(Line& line) {
  const std::string host = std::move(line.hosts.front());
  line.hosts.pop_front();
  const auto asked = asked_.find(host);
  const bool wanted = asked->second.refresh ||
                      std::ranges::any_of(asked->second.waiting, [now = now_()](const Waiter& who) {
                        return now < who.give_up;
                      });
  if (!wanted) {
    asked_.erase(asked);
    return;
  }
  ++line.running;
  threads_.TrySubmit([shared = shared_, host] { Shared::Run(shared, host); });
}

void NameResolver::OnAnswer(const std::string& host, const Addresses& addresses) {
  const auto found = asked_.find(host);
  const Asked asked = std::move(found->second);
  asked_.erase(found);
  --asked.line->running;
  Remember(host, addresses);
  StartLookUps();
  // Last: they may do anything.
  for (const Waiter& waiter : asked.waiting) waiter.done(addresses);
}

void NameResolver::Doubt(const std::string& host) {
  const auto found = known_.find(host);
  if (found != known_.end() && !found->second.failed_last) known_.erase(found);
}

void NameResolver::Remember(const std::string& host, const Addresses& addresses) {
  const base::SteadyTime now = now_();
  if (known_.size() >= kMaxKnown && !known_.contains(host)) known_.clear();
  Known& known = known_[host];
  known.failed_last = addresses.empty();
  known.fresh_until = now + (known.failed_last ? kFailureLifetime : kLifetime);
  if (!known.failed_last) {
    known.addresses = addresses;
    known.usable_until = known.fresh_until + kStaleLifetime;
  } else if (now >= known.usable_until) {
    known.addresses.clear();
    known.usable_until = known.fresh_until;
  }
}

}  // namespace gatehouse::service::delivery
