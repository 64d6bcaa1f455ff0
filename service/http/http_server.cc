#include "service/http/http_server.h"

#include <array>
#include <cstdint>
#include <ctime>
#include <map>
#include <string_view>
#include <utility>

#include "base/async/loop.h"
#include "base/status.h"
#include "base/time.h"
#include "rpc/listener/byte_stream.h"
#include "rpc/listener/tcp_listener.h"
#include "rpc/tls/tls_session.h"
#include "service/http/http_request.h"

namespace gatehouse::service::http {
namespace {

const char* Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

// RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string Date() {
  const auto seconds =
      std::chrono::floor<std::chrono::seconds>(base::SystemClock().Now()).time_since_epoch();
  const std::time_t now = seconds.count();
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> text;
  const size_t size = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

std::string Write(const Response& response, bool with_body) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + ' ' + Reason(response.status) +
                     "\r\nDate: " + Date() + "\r\nContent-Type: " + response.content_type +
                     "\r\nContent-Length: " + std::to_string(response.body.size()) +
                     "\r\nCache-Control: " + response.cache_control +
                     "\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n";
  if (response.status == 405) text += "Allow: GET, HEAD\r\n";
  text += "\r\n";
  if (with_body) text += response.body;
  return text;
}

// Null if nothing is served there.
const Handler* FindHandler(const Routes& routes, const std::string& path) {
  if (const auto exact = routes.find(path); exact != routes.end()) return &exact->second;
  // The path is longer than the one that stands for it, and sorts behind it.
  for (auto route = routes.upper_bound(path); route != routes.begin();) {
    --route;
    if (route->first.ends_with('/') && path.starts_with(route->first)) return &route->second;
  }
  return nullptr;
}

Response Answer(const Routes& routes, const HttpRequest& request) {
  if (request.error != 0) return {.status = request.error, .body = "no request of HTTP/1.1\n"};
  const Handler* handler = FindHandler(routes, request.path);
  if (handler == nullptr) return {.status = 404, .body = "not found\n"};
  if (request.method != "GET" && request.method != "HEAD") {
    return {.status = 405, .body = "only GET and HEAD\n"};
  }
  return (*handler)(request);
}

}  // namespace

// On its loop's thread, but for construction, Listen and Stop.
struct HttpServer::Impl {
  class Connection;

  Impl(Routes served, Limits allowed) : routes(std::move(served)), limits(allowed) {}
  ~Impl();

  void Add(int descriptor);
  void CloseLate();

  const Routes routes;
  const Limits limits;
  base::Loop loop{"gh-http"};
  rpc::IoScratch scratch;
  // By number, so that the oldest comes first.
  std::map<uint64_t, std::unique_ptr<Connection>> connections;
  uint64_t next_number = 0;
  base::Loop::Timer timer;
  bool timer_set = false;
  std::unique_ptr<rpc::TcpListener> listener;
};

// One request and its answer.
class HttpServer::Impl::Connection final : private rpc::ByteStream::Owner {
 public:
  Connection(Impl& server, uint64_t number, int descriptor)
      : server_(server),
        number_(number),
        deadline_(std::chrono::steady_clock::now() + server.limits.time),
        bytes_(server.loop, server.scratch, descriptor, nullptr) {
    bytes_.Start(this);
  }

  base::SteadyTime deadline() const { return deadline_; }

 private:
  void OnBytes(std::string_view bytes) override {
    request_.append(bytes);
    const auto request = ParseRequest(request_);
    if (!request && request_.size() <= kMaxRequestHeadBytes) return;
    const Response response = request
                                  ? Answer(server_.routes, *request)
                                  : Response{.status = 431, .body = "the request is too large\n"};
    bytes_.Write(http::Write(response, !request || request->method != "HEAD"));
    bytes_.Finish();
  }
  void OnSent() override {}
  // Not from within the stream's own event; and by then it may be gone.
  void OnGone() override {
    server_.loop.Post([&server = server_, number = number_] { server.connections.erase(number); });
  }

  Impl& server_;
  const uint64_t number_;
  const base::SteadyTime deadline_;
  std::string request_;
  rpc::ByteStream bytes_;
};

void HttpServer::Impl::Add(int descriptor) {
  if (connections.size() >= limits.connections) connections.erase(connections.begin());
  const uint64_t number = next_number++;
  connections.emplace(number, std::make_unique<Connection>(*this, number, descriptor));
  if (std::exchange(timer_set, true)) return;
  timer = loop.At(connections.begin()->second->deadline(), [this] { CloseLate(); });
}

void HttpServer::Impl::CloseLate() {
  const base::SteadyTime now = std::chrono::steady_clock::now();
  while (!connections.empty() && connections.begin()->second->deadline() <= now) {
    connections.erase(connections.begin());
  }
  timer_set = !connections.empty();
  if (timer_set) timer = loop.At(connections.begin()->second->deadline(), [this] { CloseLate(); });
}

HttpServer::Impl::~Impl() {
  if (listener != nullptr) listener->Stop();
  loop.Post([this] {
    timer.Reset();
    connections.clear();
  });
  loop.Stop();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpServer::~HttpServer() = default;

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address,
                                                              Routes routes, Limits limits) {
  auto impl = std::make_unique<Impl>(std::move(routes), limits);
  GH_ASSIGN_OR_RETURN(impl->listener, rpc::TcpListener::Bind(address));
  impl->loop.Start();
  impl->listener->Start("http-accept",
                        {.on_connection = [impl = impl.get()](int descriptor, const auto&) {
                          impl->loop.Post([impl, descriptor] { impl->Add(descriptor); });
                        }});
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

int HttpServer::port() const { return impl_->listener->port(); }

}  // namespace gatehouse::service::http
