#ifndef GATEHOUSE_SERVICE_HTTP_HTTP_SERVER_H_
#define GATEHOUSE_SERVICE_HTTP_HTTP_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace gatehouse::service::http {

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::string cache_control = "no-store";
};

// What is served at each path, by GET and HEAD. A handler is called on one of
// the server's threads, two at a time at most, and must not block for long.
using Routes = std::map<std::string, std::function<Response()>>;

// A small listener beside gRPC for what speaks only HTTP: probes, Prometheus,
// and libraries that fetch a key set. Read only, without parameters or bodies.
//
// Serves from Start to destruction, on two threads of its own. Thread-safe.
class HttpServer {
 public:
  // `address` is "host:port", the host an IP address or localhost; port 0 takes
  // any free one. UNAVAILABLE if it cannot be had.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const std::string& address,
                                                           Routes routes);
  // Waits for requests under way.
  ~HttpServer();

  int port() const;

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatehouse::service::http

#endif  // GATEHOUSE_SERVICE_HTTP_HTTP_SERVER_H_
