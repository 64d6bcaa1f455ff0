#ifndef GATEHOUSE_SERVICE_HTTP_HTTP_REQUEST_H_
#define GATEHOUSE_SERVICE_HTTP_HTTP_REQUEST_H_

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::service::http {

// The head of an HTTP/1 request, as far as a server needs it that serves without parameters or
// bodies and closes the connection after the answer.
struct HttpRequest {
  std::string method;
  // Without a query.
  std::string path;
  // As the client named it, with a port or without; empty if it did not.
  std::string host = {};
  // 400 or 505 for what is no request, and then the rest is empty; else 0.
  int error = 0;
};

// Larger ones are none that a probe or Prometheus sends.
inline constexpr size_t kMaxRequestHeadBytes = size_t{8} << 10;

// nullopt: its end has not come.
std::optional<HttpRequest> ParseRequest(std::string_view bytes);

}  // namespace gatehouse::service::http

#endif  // GATEHOUSE_SERVICE_HTTP_HTTP_REQUEST_H_
