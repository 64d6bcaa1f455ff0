#include "service/workers/webhook/name_resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/time.h"

namespace gatehouse::service::webhook {
namespace {

// As long as curl would remember an answer.
constexpr std::chrono::seconds kLifetime{60};
// Names that are remembered; endpoints whose names nobody remembers are looked up
// again.
constexpr size_t kMaxKnown = 10'000;
// A server that does not answer occupies a thread for some seconds: several, so that
// the names of others get through.
constexpr size_t kThreads = 8;
constexpr size_t kMaxQueued = 10'000;

}  // namespace

struct NameResolver::State {
  struct Known {
    Addresses addresses;
    base::SteadyTime expires;
  };

  // What came for `host` goes to everybody who asked.
  void Answer(const std::string& host, Addresses addresses) {
    const auto found = asked.find(host);
    const std::vector<std::function<void(const Addresses&)>> waiting = std::move(found->second);
    asked.erase(found);
    if (!addresses.empty()) {
      if (known.size() >= kMaxKnown) known.clear();
      known[host] = {addresses, std::chrono::steady_clock::now() + kLifetime};
    }
    for (const auto& done : waiting) done(addresses);
  }

  // Of the loop alone, but for `stopped`.
  std::unordered_map<std::string, Known> known;
  std::unordered_map<std::string, std::vector<std::function<void(const Addresses&)>>> asked;
  std::atomic<bool> stopped = false;
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

NameResolver::NameResolver(base::Loop& loop, LookUp look_up)
    : loop_(loop),
      look_up_(std::move(look_up)),
      state_(std::make_shared<State>()),
      threads_("resolver", kThreads, kMaxQueued) {}

NameResolver::~NameResolver() { state_->stopped = true; }

void NameResolver::Resolve(const std::string& host, std::function<void(const Addresses&)> done) {
  const auto known = state_->known.find(host);
  if (known != state_->known.end()) {
    if (known->second.expires > std::chrono::steady_clock::now()) {
      const Addresses addresses = known->second.addresses;
      done(addresses);
      return;
    }
    state_->known.erase(known);
  }
  auto& waiting = state_->asked[host];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  const bool queued = threads_.TrySubmit([this, state = state_, host] {
    if (state->stopped) return;
    Addresses addresses = look_up_(host);
    loop_.Post([state, host, addresses = std::move(addresses)] {
      if (!state->stopped) state->Answer(host, addresses);
    });
  });
  if (!queued) state_->Answer(host, {});
}

}  // namespace gatehouse::service::webhook
