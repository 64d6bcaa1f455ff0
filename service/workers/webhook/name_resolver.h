#ifndef GATEHOUSE_SERVICE_WORKERS_WEBHOOK_NAME_RESOLVER_H_
#define GATEHOUSE_SERVICE_WORKERS_WEBHOOK_NAME_RESOLVER_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/loop.h"
#include "base/worker_pool.h"
#include "service/webhook/address_guard.h"

namespace gatehouse::service::webhook {

// Finds all addresses of host names, so that they can be judged together before
// the first one is connected to. Remembers answers for a minute; of a name that
// is being looked up already nobody asks twice.
//
// Thread: the loop's; look-ups block threads of its own, and the destructor waits
// for those under way. What still waits for an answer then gets none.
class NameResolver {
 public:
  using Addresses = std::vector<IpAddress>;
  // Blocks. Empty: there is no such name, or nobody knew.
  using LookUp = std::function<Addresses(const std::string& host)>;

  // By the system: /etc/hosts, DNS and whatever else it is set up to ask.
  static Addresses AskSystem(const std::string& host);

  NameResolver(base::Loop& loop, LookUp look_up);
  ~NameResolver();
  NameResolver(const NameResolver&) = delete;
  NameResolver& operator=(const NameResolver&) = delete;

  // `done` runs on the loop; at once if the answer is known.
  void Resolve(const std::string& host, std::function<void(const Addresses&)> done);

 private:
  struct State;

  base::Loop& loop_;
  const LookUp look_up_;
  const std::shared_ptr<State> state_;
  // Last: it is joined first.
  base::WorkerPool threads_;
};

}  // namespace gatehouse::service::webhook

#endif  // GATEHOUSE_SERVICE_WORKERS_WEBHOOK_NAME_RESOLVER_H_
