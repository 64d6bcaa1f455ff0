#ifndef GATEHOUSE_SERVICE_DELIVERY_HTTP_HTTP_TRANSFER_H_
#define GATEHOUSE_SERVICE_DELIVERY_HTTP_HTTP_TRANSFER_H_

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "service/delivery/http/address_guard.h"
#include "service/delivery/http/curl_driver.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/http/name_resolver.h"

namespace gatehouse::service::delivery {

// The host of a URL and its port, as curl reads them: judging another host than the
// one connected to would be no protection.
struct HostPort {
  // In lower case, as curl compares names: whoever wrote it otherwise means the same connections.
  // An IPv6 address in brackets.
  std::string host;
  uint16_t port = 0;

  // The same for everything that may share connections.
  std::string ToString() const { return host + ":" + std::to_string(port); }
};

// nullopt for what curl takes for no URL.
std::optional<HostPort> HostPortOf(const std::string& url);

// One request of HttpSender: what curl is told about it, what curl asks and tells
// while it runs, and what came of it. Here stands everything that HttpSender promises
// about a single request.
//
// Owned by HttpSender from Send to the answer; not moved, since curl has its address.
// Thread: the loop's.
class HttpTransfer {
 public:
  // What is given by reference outlives it.
  HttpTransfer(HttpRequest request, const HttpSender::Options& options, CurlDriver& driver);
  // Closes a connection that was given and not used.
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  const HttpRequest& request() const { return request_; }
  base::SteadyTime start() const { return start_; }

  // nullopt for what curl takes for no URL.
  const std::optional<HostPort>& to() const { return to_; }
  // Where its connections lead: the same for all that may share one.
  std::string destination() const;

  // It goes through Options::proxy, to this address; otherwise directly. Before Configure.
  void SetTunnel(const std::optional<IpAddress>& address);
  bool tunnelled() const { return tunnel_.has_value(); }

  // Whether what the host means may be connected to. One refused address taints the whole answer:
  // a name that points inside and outside is up to no good. The result is then "blocked".
  bool Judge(const NameResolver::Addresses& addresses);

  // Sets `easy`, which is as new, up for the request. Curl finds a connection that it kept, or
  // gets `connection`, or ends at once with WantsConnection: it makes none by itself.
  void Configure(CURL* easy, int connection = kNoConnection);
  static constexpr int kNoConnection = -1;

  // Curl ended since it had no connection to use.
  bool WantsConnection() const { return wants_connection_; }

  // The time until which it may be connected.
  base::SteadyTime connect_until() const;

  // Whether `easy`, which has ended and had a connection of its own made, got as far as the
  // receiver: through the proxy, and through TLS.
  bool Reached(CURL* easy) const;

  // The result, once `easy` has ended with `code`, or could not be started with it.
  HttpResult Finish(CURL* easy, CURLcode code);
  // The same where no connection came about.
  HttpResult Fail(std::string_view error_class);

 private:
  void ConfigureTls(CURL* easy);
  void ConfigureProxy(CURL* easy);
  // What is left of `limit`; curl takes 0 for no limit at all.
  long Remaining(std::chrono::milliseconds limit) const;

  void ReadHeaderLine(std::string_view line);

  // For curl.
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int AlreadyConnected(void*, curl_socket_t socket, curlsocktype purpose);
  static int CloseSocket(void* driver, curl_socket_t socket);
  static size_t OnHeader(char* data, size_t, size_t size, void* self);
  static size_t OnBody(char* data, size_t, size_t size, void* self);

  const HttpSender::Options& options_;
  CurlDriver& driver_;
  const HttpRequest request_;
  const std::optional<HostPort> to_;
  std::optional<IpAddress> tunnel_;
  const base::SteadyTime start_ = std::chrono::steady_clock::now();
  int connection_ = kNoConnection;
  bool wants_connection_ = false;
  HttpResult result_;
  curl_slist* headers_ = nullptr;
  curl_slist* pinned_ = nullptr;
  curl_slist* connect_to_ = nullptr;
  size_t header_bytes_ = 0;
  // An interim answer (1xx) is none: what came with it does not count.
  bool interim_ = false;
  // The empty line after the header of the answer was seen. What comes later are trailers.
  bool head_complete_ = false;
  bool headers_too_large_ = false;
  bool body_cut_ = false;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_HTTP_HTTP_TRANSFER_H_
