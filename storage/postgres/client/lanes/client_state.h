#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_CLIENT_STATE_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_CLIENT_STATE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "base/async/mutex.h"
#include "storage/postgres/client/database.h"
#include "storage/postgres/client/lanes/canceller.h"
#include "storage/postgres/client/lanes/connect_params.h"

namespace gatehouse::storage::postgres {

// What the lanes of one Database share, on whichever loop. Thread-safe.
struct ClientState {
  ClientState(DatabaseConfig the_config, ConnectParams the_params)
      : config(std::move(the_config)), params(std::move(the_params)) {}

  void SetConnectError(std::string error) GH_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    connect_error = std::move(error);
  }
  std::string GetConnectError() GH_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    return connect_error;
  }

  const DatabaseConfig config;
  const ConnectParams params;

  struct Counters {
    std::atomic<uint64_t> statements = 0;
    std::atomic<uint64_t> prepares = 0;
    std::atomic<uint64_t> syncs = 0;
    std::atomic<uint64_t> connects = 0;
    std::atomic<uint64_t> connect_failures = 0;
    std::atomic<uint64_t> connections_lost = 0;
    std::atomic<uint64_t> cancels = 0;
    std::atomic<uint64_t> retries = 0;
    std::atomic<int64_t> connections = 0;
    std::atomic<int64_t> in_flight = 0;
    std::atomic<int64_t> queued = 0;
  };
  Counters counters;

  base::Mutex mutex;
  std::string connect_error GH_GUARDED_BY(mutex);

  // Gone once the Database is closed: it posts to the loops.
  std::unique_ptr<Canceller> canceller = std::make_unique<Canceller>();
};

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_LANES_CLIENT_STATE_H_
