#ifndef GATEHOUSE_RPC_LISTENER_TCP_LISTENER_H_
#define GATEHOUSE_RPC_LISTENER_TCP_LISTENER_H_

#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::rpc {

// Listens on an address and accepts, on a thread of its own.
//
// Out of file descriptors it goes on: one is kept in reserve for this, with which a waiting
// connection is accepted and closed, so that its client learns at once and the next one can be
// looked at.
class TcpListener {
 public:
  // On the listener's thread.
  struct Events {
    // Takes the descriptor.
    std::function<void(int descriptor, const sockaddr_storage& peer)> on_connection;
    // A connection was refused, since the process has no descriptor for it.
    std::function<void()> on_no_descriptor = [] {};
  };

  // "host:port" or "[host]:port", of which every address is listened on; port 0 takes a free one.
  // UNAVAILABLE if one cannot be had. Accepts after Start.
  static absl::StatusOr<std::unique_ptr<TcpListener>> Bind(const std::string& address);
  // Stops.
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  // `thread_name` as debuggers show it.
  void Start(const std::string& thread_name, Events events);
  // Accepts no more and frees the port. Again: does nothing.
  void Stop();

  int port() const { return port_; }
  // False after an attempt that failed for want of something, until one succeeds. Any thread.
  bool accepting() const { return accepting_; }

 private:
  TcpListener();

  absl::Status BindAll(const std::string& address);
  // A descriptor, or -1.
  int BindOne(int family, const sockaddr* address, unsigned length);
  void Run(const std::string& thread_name);
  void AcceptAll(int socket);
  // What can be done when accept does not work; true: try again at once.
  bool OnAcceptError(int error, int socket);

  std::vector<int> sockets_;
  int port_ = 0;
  // Readable when the thread shall end.
  int stop_event_ = -1;
  int reserve_ = -1;
  // Pauses between attempts, after an error that will not go away at once.
  bool backing_off_ = false;
  std::atomic<bool> accepting_ = true;
  Events events_;
  std::thread thread_;
};

// Lets the process have as many descriptors as its hard limit allows.
void RaiseDescriptorLimit();

}  // namespace gatehouse::rpc

#endif  // GATEHOUSE_RPC_LISTENER_TCP_LISTENER_H_
