#include "service/delivery/http/curl_driver.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <asio/error_code.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <chrono>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"

namespace gatehouse::service::delivery {
namespace {

// Idle connections that curl keeps open. More than endpoints usually have in
// flight together, and far below the limit of open files.
constexpr long kIdleConnections = 256;

// A socket of curl's, registered with the loop: by a descriptor of our own, since curl may close
// its own unasked. The number then comes again as that of somebody else's socket, whose
// registration must be none of ours.
struct Watch {
  Watch(asio::io_context& io, curl_socket_t socket)
      : descriptor(io, ::fcntl(socket, F_DUPFD_CLOEXEC, 0)) {}

  asio::posix::stream_descriptor descriptor;
  // Where it is connected to, if adopted.
  std::string to = {};
  // From Adopt to Forget; else until curl is no longer interested.
  bool adopted = false;
  bool want_read = false;
  bool want_write = false;
  bool waiting_read = false;
  bool waiting_write = false;
};

}  // namespace

struct CurlDriver::State : std::enable_shared_from_this<State> {
  State(base::Loop& loop, std::function<void(CURL*, CURLcode)> done)
      : io(loop.io()), timer(loop.io()), on_done(std::move(done)), multi(curl_multi_init()) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &OnSocket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &OnTimer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kIdleConnections);
    // HTTP/1.1 only: one request per connection at a time.
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
  }

  static int OnSocket(CURL*, curl_socket_t socket, int what, void* self, void*) {
    static_cast<State*>(self)->Watching(socket, what);
    return 0;
  }

  static int OnTimer(CURLM*, long milliseconds, void* self) {
    static_cast<State*>(self)->SetTimer(milliseconds);
    return 0;
  }

  void Watching(curl_socket_t socket, int what) {
    const auto found = watches.find(socket);
    if (what == CURL_POLL_REMOVE) {
      if (found == watches.end()) return;
      found->second->want_read = found->second->want_write = false;
      if (!found->second->adopted) Forget(socket);
      return;
    }
    const std::shared_ptr<Watch> watch = found == watches.end() ? Register(socket) : found->second;
    watch->want_read = what == CURL_POLL_IN || what == CURL_POLL_INOUT;
    watch->want_write = what == CURL_POLL_OUT || what == CURL_POLL_INOUT;
    Wait(socket, watch);
  }

  std::shared_ptr<Watch> Register(curl_socket_t socket) {
    return watches.emplace(socket, std::make_shared<Watch>(io, socket)).first->second;
  }

  void Wait(curl_socket_t socket, const std::shared_ptr<Watch>& watch) {
    using Descriptor = asio::posix::stream_descriptor;
    if (watch->want_read && !watch->waiting_read) {
      watch->waiting_read = true;
      watch->descriptor.async_wait(Descriptor::wait_read, [self = shared_from_this(), socket,
                                                           watch](const asio::error_code& error) {
        watch->waiting_read = false;
        if (!error && watch->want_read) self->Act(socket, CURL_CSELECT_IN, watch);
      });
    }
    if (watch->want_write && !watch->waiting_write) {
      watch->waiting_write = true;
      watch->descriptor.async_wait(Descriptor::wait_write, [self = shared_from_this(), socket,
                                                            watch](const asio::error_code& error) {
        watch->waiting_write = false;
        if (!error && watch->want_write) self->Act(socket, CURL_CSELECT_OUT, watch);
      });
    }
  }

  void Act(curl_socket_t socket, int events, const std::shared_ptr<Watch>& watch) {
    if (multi == nullptr) return;
    int running = 0;
    curl_multi_socket_action(multi, socket, events, &running);
    // Curl only says when its wishes change; unchanged ones go on.
    const auto found = watches.find(socket);
    if (found != watches.end() && found->second == watch) Wait(socket, watch);
    Finish();
  }

  // Curl sets it several times for each transfer, to now and to limits that are seldom reached.
  // Setting a timer of the kernel's costs more than a request's bytes: what is due now is posted,
  // and a timer that would come too early stays and is set anew when it has come.
  void SetTimer(long milliseconds) {
    due.reset();
    if (milliseconds < 0) return;
    due = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    if (milliseconds == 0) {
      if (std::exchange(posted, true)) return;
      asio::post(io, [self = shared_from_this()] {
        self->posted = false;
        self->OnTime();
      });
      return;
    }
    if (!armed || *due < *armed) Arm();
  }

  void Arm() {
    armed = due;
    timer.expires_at(*due);
    timer.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (error) return;
      self->armed.reset();
      self->OnTime();
    });
  }

  void OnTime() {
    if (multi == nullptr || !due) return;
    if (std::chrono::steady_clock::now() < *due) {
      if (!armed || *due < *armed) Arm();
      return;
    }
    due.reset();
    int running = 0;
    curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
    Finish();
  }

  // Reports ended transfers. Not reentrant: a transfer that on_done adds starts
  // by the timer, later.
  void Finish() {
    int left = 0;
    while (multi != nullptr) {
      const CURLMsg* message = curl_multi_info_read(multi, &left);
      if (message == nullptr) return;
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;
      curl_multi_remove_handle(multi, easy);
      on_done(easy, code);
    }
  }

  void Forget(curl_socket_t socket) {
    const auto found = watches.find(socket);
    if (found == watches.end()) return;
    const std::shared_ptr<Watch> watch = found->second;
    watches.erase(found);
    watch->want_read = watch->want_write = false;
    if (watch->adopted) {
      const auto [begin, end] = by_destination.equal_range(watch->to);
      by_destination.erase(
          std::find_if(begin, end, [socket](const auto& entry) { return entry.second == socket; }));
    }
    // Ends its waits; curl's own descriptor is curl's.
    asio::error_code ignored;
    watch->descriptor.close(ignored);
  }

  void Adopt(curl_socket_t socket, const std::string& to) {
    // Left behind by a socket that curl closed unasked.
    Forget(socket);
    const std::shared_ptr<Watch> watch = Register(socket);
    watch->adopted = true;
    watch->to = to;
    by_destination.emplace(to, socket);
  }

  // Curl uses no connection again that was shut down.
  void ShutDownReadable(const std::string& to) {
    idle.clear();
    const auto [begin, end] = by_destination.equal_range(to);
    for (auto entry = begin; entry != end; ++entry) {
      Watch& watch = *watches.at(entry->second);
      if (watch.want_read || watch.want_write) continue;  // At work.
      idle.push_back({watch.descriptor.native_handle(), POLLIN, 0});
    }
    if (idle.empty() || ::poll(idle.data(), idle.size(), 0) <= 0) return;
    for (const pollfd& one : idle) {
      if (one.revents != 0) ::shutdown(one.fd, SHUT_RDWR);
    }
  }

  asio::io_context& io;
  asio::steady_timer timer;
  // When curl wants to be called; and when the timer comes.
  std::optional<base::SteadyTime> due;
  std::optional<base::SteadyTime> armed;
  // It is called as soon as the loop comes round to it.
  bool posted = false;
  std::function<void(CURL*, CURLcode)> on_done;
  CURLM* multi;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches;
  // Adopted ones.
  std::unordered_multimap<std::string, curl_socket_t> by_destination;
  // Of one look at them.
  std::vector<pollfd> idle;
};

CurlDriver::CurlDriver(base::Loop& loop, std::function<void(CURL*, CURLcode)> on_done)
    : state_(std::make_shared<State>(loop, std::move(on_done))) {}

CurlDriver::~CurlDriver() {
  CURLM* multi = std::exchange(state_->multi, nullptr);
  // Closes the idle connections, which calls Forget for each.
  curl_multi_cleanup(multi);
  while (!state_->watches.empty()) state_->Forget(state_->watches.begin()->first);
  state_->timer.cancel();
  state_->on_done = nullptr;
}

bool CurlDriver::Add(CURL* easy, const std::string& to) {
  state_->ShutDownReadable(to);
  return curl_multi_add_handle(state_->multi, easy) == CURLM_OK;
}

void CurlDriver::Remove(CURL* easy) { curl_multi_remove_handle(state_->multi, easy); }

void CurlDriver::Adopt(curl_socket_t socket, const std::string& to) { state_->Adopt(socket, to); }

void CurlDriver::Forget(curl_socket_t socket) { state_->Forget(socket); }

}  // namespace gatehouse::service::delivery
