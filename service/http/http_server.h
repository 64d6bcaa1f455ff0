#ifndef GATEHOUSE_SERVICE_HTTP_HTTP_SERVER_H_
#define GATEHOUSE_SERVICE_HTTP_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace gatehouse::service::http {

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::string cache_control = "no-store";
};

// What is served at each path, by GET and HEAD. A handler is called on the
// server's thread, and must not block.
struct Routes : std::map<std::string, std::function<Response()>> {
  using map::map;

  // The same for whatever stands below these paths, which end in '/': `rest` is what comes after,
  // not empty and without a further '/'.
  std::map<std::string, std::function<Response(std::string_view rest)>> below;
};

// A small listener beside gRPC for what speaks only HTTP: probes, Prometheus,
// and libraries that fetch a key set. HTTP/1.1, one request for each
// connection, without parameters or bodies.
//
// Serves from Start to destruction, on a loop of its own: while the loops of
// calls hang, it still tells so. Thread-safe.
class HttpServer {
 public:
  struct Limits {
    // From the connection to the last byte of the answer.
    std::chrono::milliseconds time = std::chrono::seconds(10);
    // One more, and the oldest is closed: those who are served at once are not
    // among the oldest, whoever sends slowly is.
    size_t connections = 128;
  };

  // `address` is "host:port"; port 0 takes any free one. UNAVAILABLE if it
  // cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           Routes routes, Limits limits);
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           Routes routes) {
    return Start(address, std::move(routes), Limits());
  }
  // Ends every connection.
  ~HttpServer();

  int port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatehouse::service::http

#endif  // GATEHOUSE_SERVICE_HTTP_HTTP_SERVER_H_
