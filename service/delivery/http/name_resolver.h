#ifndef GATEHOUSE_SERVICE_DELIVERY_HTTP_NAME_RESOLVER_H_
#define GATEHOUSE_SERVICE_DELIVERY_HTTP_NAME_RESOLVER_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/async/loop.h"
#include "base/async/worker_pool.h"
#include "base/time.h"
#include "service/delivery/http/address_guard.h"

namespace gatehouse::service::delivery {

// Finds all addresses of host names, so that they can be judged together before
// the first one is connected to. Remembers answers for a minute, and that there was
// none for some seconds; of a name that is being looked up already nobody asks twice.
// An answer that is older, but not much, is given while it is asked for again.
//
// Thread: the loop's; destroy it there or after the loop has stopped. Look-ups block
// threads of their own, for as long as the system tries. The destructor leaves those
// under way behind with their threads; what still waits for an answer then gets none.
class NameResolver {
 public:
  using Addresses = std::vector<IpAddress>;
  // Blocks, and may outlive the resolver: it owns or shares what it needs. Empty: there is
  // no such name, or nobody knew.
  using LookUp = std::function<Addresses(const std::string& host)>;
  using Done = std::function<void(const Addresses&)>;

  // By the system: /etc/hosts, DNS and whatever else it is set up to ask.
  static Addresses AskSystem(const std::string& host);

  NameResolver(
      base::Loop& loop, LookUp look_up,
      std::function<base::SteadyTime()> now = [] { return std::chrono::steady_clock::now(); });
  ~NameResolver();
  NameResolver(const NameResolver&) = delete;
  NameResolver& operator=(const NameResolver&) = delete;

  // `done` runs on the loop; at once if the answer is known. From `give_up` on the caller
  // must not wait any more: no look-up begins for it then, and `done` may never run. It
  // never does if too many names wait already.
  void Resolve(const std::string& host, base::SteadyTime give_up, Done done);

  // What is known of `host` led nowhere: the next who asks waits for a new answer. Does nothing
  // for a name that is not known, or of which it is only known that it is none.
  void Doubt(const std::string& host);

 private:
  struct Shared;
  struct Known {
    // Empty: the name could not be looked up.
    Addresses addresses;
    base::SteadyTime fresh_until;
    base::SteadyTime usable_until;
    bool failed_last = false;
  };
  struct Waiter {
    base::SteadyTime give_up;
    Done done;
  };
  // Look-ups that wait for a thread, and how many threads those before them occupy.
  struct Line {
    size_t max_running;
    size_t running = 0;
    std::deque<std::string> hosts = {};
  };
  struct Asked {
    Line* line = nullptr;
    std::vector<Waiter> waiting = {};
    // For the next who asks, whoever waits.
    bool refresh = false;
  };

  // Without a waiter: to refresh what is known.
  void Ask(const std::string& host, std::optional<Waiter> waiter);
  void StartLookUps();
  // The first in `line`, if anybody still wants it.
  void StartFirst(Line& line);
  void OnAnswer(const std::string& host, const Addresses& addresses);
  void Remember(const std::string& host, const Addresses& addresses);

  const std::function<base::SteadyTime()> now_;
  std::unordered_map<std::string, Known> known_;
  std::unordered_map<std::string, Asked> asked_;
  // In order of preference; the second one is of names that failed last time.
  std::array<Line, 2> lines_;
  const std::shared_ptr<Shared> shared_;
  base::WorkerPool threads_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_HTTP_NAME_RESOLVER_H_
