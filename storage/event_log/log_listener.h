#ifndef GATEHOUSE_STORAGE_EVENT_LOG_LOG_LISTENER_H_
#define GATEHOUSE_STORAGE_EVENT_LOG_LOG_LISTENER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "base/uuid.h"
#include "base/worker.h"

namespace gatehouse::storage {

// Hears what other instances tell about the log, on a connection of its own:
// that their sequencer ordered something, and that they committed events which
// this one's sequencer should order. And shows them that this one lives: its
// connection holds a lock, which Postgres frees when the process dies
// (delivery/queries/announce.sql).
//
// What it misses while it is not connected is made good by one call of each
// callback after it connected again, and by everybody's polling.
//
// One thread, which sleeps in poll(): a connection that only listens needs no
// place on a loop. A stop ends it at once.
class LogListener final : public base::Worker {
 public:
  struct Options {
    // As in DatabaseConfig.
    std::string dsn;
    std::string password_file = {};
    // Names this process to others; its own messages are not passed on.
    std::string instance;
    // Called on the listener's thread; they post and return.
    std::function<void()> on_ordered;
    std::function<void()> on_committed;
    // As whom the connection shows itself to those who wait for the leases of the dead; nil:
    // as nobody.
    base::Uuid deliverer = {};
    // From when on it does, and that the connection with this lock is lost. As the others.
    std::function<void()> on_seen = {};
    std::function<void(int64_t lock_key)> on_unseen = {};
    // One line when the connection is lost or cannot be made.
    std::function<void(std::string_view)> tell = {};
  };

  explicit LogListener(Options options);
  ~LogListener() override;
  LogListener(const LogListener&) = delete;
  LogListener& operator=(const LogListener&) = delete;

  void Start() override;
  void Stop(std::chrono::milliseconds grace) override;

 private:
  class Connection;

  void Run();
  // Until the connection breaks or Stop.
  void ServeOne();
  void PassOn(Connection& connection) const;
  // False if `stop` was asked for within the time.
  bool WaitToRetry(int milliseconds) const;
  void Report(std::string_view what) const;

  const Options options_;
  // Readable when the thread shall end.
  int stop_fd_ = -1;
  bool was_connected_ = false;
  // How often connecting failed: the next time another host is the first.
  size_t rotation_ = 0;
  std::thread thread_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_LOG_LOG_LISTENER_H_
