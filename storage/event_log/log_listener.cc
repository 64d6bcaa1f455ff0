#include "storage/event_log/log_listener.h"

#include <libpq-fe.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/hash.h"
#include "storage/delivery/queries/delivery_queries.h"
#include "storage/postgres/client/dsn.h"
#include "storage/postgres/client/start_connection.h"

namespace gatehouse::storage {
namespace {

constexpr int kMinBackoffMs = 100;
constexpr int kMaxBackoffMs = 5000;
constexpr int kForever = -1;
// A listener only reads, so nothing would ever tell it that its server or the network between
// has gone: after two silent seconds the kernel asks once a second, and three questions without
// an answer end the connection. So within some five seconds; the polls cover these.
constexpr char kKeepaliveIdle[] = "2";
constexpr char kKeepaliveInterval[] = "1";
constexpr char kKeepaliveCount[] = "3";
// The same where a question of ours waits to be taken. Milliseconds.
constexpr char kUnacknowledged[] = "5000";
// The same for the server, which frees our lock when it misses us: three seconds later than we
// miss it, so that we have stopped sending before others begin.
constexpr char kServersKeepalive[] =
    "SET tcp_keepalives_idle = 4; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 4; "
    "SET tcp_user_timeout = 8000";

struct ResultFree {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ResultFree>;

struct NotifyFree {
  void operator()(PGnotify* notify) const { PQfreemem(notify); }
};
using Notify = std::unique_ptr<PGnotify, NotifyFree>;

int64_t RandomKey() {
  int64_t key;
  std::memcpy(&key, base::RandomBytes(sizeof(key)).data(), sizeof(key));
  return key;
}

}  // namespace

// One libpq connection, waiting for its socket and for the stop signal at once.
class LogListener::Connection {
 public:
  // `rotation` turns the list of hosts (RotateHosts).
  Connection(const Options& options, int stop_fd, size_t rotation)
      : stop_fd_(stop_fd), connection_(Begin(options, rotation)) {}
  ~Connection() { PQfinish(connection_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool Connect() {
    if (PQstatus(connection_) == CONNECTION_BAD) return false;
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
      if (state == PGRES_POLLING_FAILED) return false;
      constexpr int kConnectTimeoutMs = 5000;
      const short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;
      if (!Wait(events, kConnectTimeoutMs)) return false;
      state = PQconnectPoll(connection_);
    }
    return true;
  }

  bool Listen() {
    return PQsendQuery(connection_, "LISTEN gatehouse_log; LISTEN gatehouse_wake") != 0 &&
           Succeeds();
  }
  bool Announce(const base::Uuid& deliverer, int64_t lock_key) {
    const std::string id = deliverer.ToString();
    const std::string key = std::to_string(lock_key);
    const char* values[] = {id.c_str(), key.c_str()};
    return PQsendQuery(connection_, kServersKeepalive) != 0 && Succeeds() &&
           PQsendQueryParams(connection_, delivery::queries::kAnnounce.text.data(), 2, nullptr,
                             values, nullptr, nullptr, 0) != 0 &&
           Succeeds();
  }

  bool WaitForInput() { return Wait(POLLIN, kForever) && PQconsumeInput(connection_) != 0; }
  Notify Next() { return Notify(PQnotifies(connection_)); }
  // libpq's words, which hold no password.
  const char* error() const { return PQerrorMessage(connection_); }

 private:
  // Whether all that was sent last succeeds.
  bool Succeeds() {
    while (true) {
      while (PQisBusy(connection_) != 0) {
        if (!Wait(POLLIN, kForever) || PQconsumeInput(connection_) == 0) return false;
      }
      const Result result{PQgetResult(connection_)};
      if (!result) return true;
      if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) return false;
    }
  }
  // False on a stop signal or when the time is up.
  bool Wait(short events, int timeout_ms) const {
    pollfd fds[] = {{stop_fd_, POLLIN, 0}, {PQsocket(connection_), events, 0}};
    const int ready = poll(fds, 2, timeout_ms);
    return ready > 0 && fds[0].revents == 0;
  }

  static PGconn* Begin(const Options& options, size_t rotation) {
    absl::StatusOr<postgres::DsnValues> values = postgres::ParseDsn(options.dsn);
    // The configuration was checked long ago.
    if (!values.ok()) return nullptr;
    postgres::SetDsnDefault(*values, "keepalives_idle", kKeepaliveIdle);
    postgres::SetDsnDefault(*values, "keepalives_interval", kKeepaliveInterval);
    postgres::SetDsnDefault(*values, "keepalives_count", kKeepaliveCount);
    postgres::SetDsnDefault(*values, "tcp_user_timeout", kUnacknowledged);
    postgres::SetDsnValue(*values, "fallback_application_name", "gatehouse-listener");
    const auto password = postgres::ReadPasswordFile(options.password_file);
    if (password.ok()) postgres::SetDsnValue(*values, "password", *password);
    return postgres::StartConnection(postgres::RotateHosts(*std::move(values), rotation));
  }

  const int stop_fd_;
  PGconn* const connection_;
};

LogListener::LogListener(Options options)
    : options_(std::move(options)), stop_fd_(eventfd(0, EFD_CLOEXEC)) {}

LogListener::~LogListener() {
  Stop(std::chrono::milliseconds(0));
  close(stop_fd_);
}

void LogListener::Start() {
  thread_ = std::thread([this] { Run(); });
}

void LogListener::Stop(std::chrono::milliseconds) {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  if (write(stop_fd_, &one, sizeof(one)) != sizeof(one)) Report("cannot signal the stop");
  thread_.join();
}

void LogListener::Run() {
  int backoff_ms = kMinBackoffMs;
  do {
    was_connected_ = false;
    ServeOne();
    backoff_ms = was_connected_ ? kMinBackoffMs : std::min(2 * backoff_ms, kMaxBackoffMs);
  } while (WaitToRetry(backoff_ms));
}

void LogListener::ServeOne() {
  Connection connection(options_, stop_fd_, rotation_);
  if (!connection.Connect()) {
    ++rotation_;
    Report(connection.error());
    return;
  }
  if (!connection.Listen()) {
    Report(connection.error());
    return;
  }
  const bool seen = !options_.deliverer.is_nil();
  const int64_t lock_key = RandomKey();
  if (seen && !connection.Announce(options_.deliverer, lock_key)) {
    Report(connection.error());
    // The server may have done it before the connection broke.
    options_.on_unseen(lock_key);
    return;
  }
  was_connected_ = true;
  if (seen) options_.on_seen();
  PassOn(connection);
  const bool stopped = !WaitToRetry(0);
  if (seen && !stopped) options_.on_unseen(lock_key);
  Report(connection.error());
}

void LogListener::PassOn(Connection& connection) const {
  bool ordered = true;
  bool committed = true;
  do {
    while (const Notify notify = connection.Next()) {
      if (options_.instance == notify->extra) continue;
      const bool is_log = std::string_view(notify->relname) == "gatehouse_log";
      (is_log ? ordered : committed) = true;
    }
    // However many there were: they all say the same.
    if (std::exchange(ordered, false)) options_.on_ordered();
    if (std::exchange(committed, false)) options_.on_committed();
  } while (connection.WaitForInput());
}

bool LogListener::WaitToRetry(int milliseconds) const {
  pollfd fd = {stop_fd_, POLLIN, 0};
  return poll(&fd, 1, milliseconds) == 0;
}

void LogListener::Report(std::string_view what) const {
  if (options_.tell && !what.empty()) options_.tell(what);
}

}  // namespace gatehouse::storage
