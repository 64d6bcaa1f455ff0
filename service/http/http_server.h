#ifndef GATEHOUSE_SERVICE_HTTP_HTTP_SERVER_H_
#define GATEHOUSE_SERVICE_HTTP_HTTP_SERVER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "service/http/http_request.h"

namespace gatehouse::service::http {

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::string cache_control = "no-store";
};

// Answers the requests of a route. It is called on the server's thread, and must not block.
class Handler {
 public:
  Handler() = default;
  // A function of the request, or one without parameters for what does not depend on it.
  template <typename Fn>
  Handler(Fn fn) {  // NOLINT: implicit
    if constexpr (std::is_invocable_v<Fn, const HttpRequest&>) {
      answer_ = std::move(fn);
    } else {
      answer_ = [fn = std::move(fn)](const HttpRequest&) { return fn(); };
    }
  }

  Response operator()(const HttpRequest& request) const { return answer_(request); }

 private:
  std::function<Response(const HttpRequest&)> answer_;
};

// What is served at each path, by GET and HEAD. A path that ends with '/' stands for all that begin
// with it.
using Routes = std::map<std::string, Handler>;

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
