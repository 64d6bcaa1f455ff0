#include "service/http/http_server.h"

#include <civetweb.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "base/log_line.h"

namespace gatehouse::service::http {
namespace {

constexpr char kThreads[] = "2";
// For a whole request: a client that dawdles holds one of two threads.
constexpr char kRequestTimeoutMillis[] = "5000";

const char* Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

void Send(mg_connection* connection, const Response& response, bool with_body) {
  mg_printf(connection,
            "HTTP/1.1 %d %s\r\n"
            "Content-Type: %s\r\n"
            "Content-Length: %zu\r\n"
            "Cache-Control: %s\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Connection: close\r\n"
            "\r\n",
            response.status, Reason(response.status), response.content_type.c_str(),
            response.body.size(), response.cache_control.c_str());
  if (with_body) mg_write(connection, response.body.data(), response.body.size());
}

// Called by civetweb; a non-zero result means that the request is answered.
int Handle(mg_connection* connection, void* data) {
  const auto& routes = *static_cast<const Routes*>(data);
  const mg_request_info& request = *mg_get_request_info(connection);
  const bool head = std::strcmp(request.request_method, "HEAD") == 0;
  Response response;
  const auto route = routes.find(request.local_uri);
  if (route == routes.end()) {
    response = {.status = 404, .body = "not found\n"};
  } else if (!head && std::strcmp(request.request_method, "GET") != 0) {
    response = {.status = 405, .body = "only GET and HEAD\n"};
  } else {
    response = route->second();
  }
  Send(connection, response, !head);
  return response.status;
}

int LogMessage(const mg_connection* connection, const char* message) {
  base::LogLine(base::LogLevel::kWarning, "http", {{"error", message}});
  return 1;
}

// civetweb takes addresses only.
std::string ListeningPort(std::string address) {
  constexpr std::string_view kLocalhost = "localhost:";
  if (address.starts_with(kLocalhost)) address.replace(0, kLocalhost.size(), "127.0.0.1:");
  return address;
}

}  // namespace

struct HttpServer::Impl {
  Routes routes;
  mg_context* context = nullptr;

  ~Impl() {
    if (context != nullptr) mg_stop(context);
  }
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              Routes routes) {
  static const unsigned initialised = mg_init_library(MG_FEATURES_DEFAULT);
  static_cast<void>(initialised);
  auto impl = std::make_unique<Impl>();
  impl->routes = std::move(routes);
  mg_callbacks callbacks = {};
  callbacks.log_message = LogMessage;
  const std::string port = ListeningPort(address);
  const char* options[] = {"listening_ports",    port.c_str(),          "num_threads", kThreads,
                           "request_timeout_ms", kRequestTimeoutMillis, nullptr};
  impl->context = mg_start(&callbacks, impl.get(), options);
  if (impl->context == nullptr) {
    return absl::UnavailableError("cannot listen on " + address +
                                  ": the port is in use or the address is not of this host");
  }
  mg_set_request_handler(impl->context, "/", Handle, &impl->routes);
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const {
  mg_server_port port = {};
  return mg_get_server_ports(impl_->context, 1, &port) == 1 ? port.port : 0;
}

}  // namespace gatehouse::service::http
