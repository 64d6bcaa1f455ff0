#ifndef GATEHOUSE_SERVICE_DELIVERY_HTTP_HTTP_SENDER_H_
#define GATEHOUSE_SERVICE_DELIVERY_HTTP_HTTP_SENDER_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/async/loop.h"
#include "base/time.h"
#include "service/delivery/http/address_guard.h"
#include "service/delivery/http/name_resolver.h"

namespace gatehouse::service::delivery {

// How much of an answer's body is read, kept with the attempt and shown: enough
// for a receiver's error page to say what went wrong.
inline constexpr size_t kMaxResponseBytes = size_t{16} << 10;

// How one receiver is spoken to over TLS.
struct TransportOptions {
  // PEM: authorities in the place of Options::ca_file; empty: those.
  std::string ca_certificates = {};
  // PEM: what is shown to a receiver that asks for a certificate; none if empty.
  std::string client_certificate = {};
  std::string client_key = {};
  // HTTP/2 where the receiver offers it.
  bool http2 = false;
};

// One POST.
struct HttpRequest {
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  // Shared among the deliveries of one event.
  std::shared_ptr<const std::string> body;
  // From the first step, name resolution, to the last byte of the answer.
  std::chrono::milliseconds timeout{20'000};
  TransportOptions transport = {};
};

struct HttpResult {
  // 0 if no complete status line and header arrived. See complete().
  int status_code = 0;
  // Empty for a 2xx; else "dns", "refused", "timeout", "tls", "blocked",
  // "status", "too_large", "proxy" or "transport" (gatehouse.v1.DeliveryAttempt).
  std::string error_class;
  // The beginning of the body.
  std::string body;
  // The header's value, verbatim.
  std::string retry_after;
  base::Duration latency{0};
  // When the receiver's own certificate expires, if a new connection showed one.
  std::optional<base::Time> certificate_expires;

  bool ok() const { return error_class.empty(); }
  // The whole answer came. Of one that broke off, or took too long, the status and the header are
  // there to be looked at, and ask for nothing: who stops in the middle is down, whatever it began
  // to say.
  bool complete() const { return ok() || error_class == "status"; }
};

// Sends webhooks: libcurl's multi interface driven by a Loop, so that hundreds
// of requests in flight cost no thread. Connections are kept alive and reused.
//
// What it never does: connect to a host of which any address is refused by the
// guard (all are judged, and no other is connected to, so no second DNS answer comes
// in between), use a connection again on which something came unasked, follow a redirect, speak
// anything but HTTP/1.1 to a receiver that is not set to http2, use a proxy from the environment,
// decompress, skip the verification of a certificate, or read more than it keeps.
//
// Connections of HTTP/2 are kept apart from all others, and carry one request at a time as well. A
// request finds a kept connection only if that was made with the same certificates.
//
// Through Options::proxy it goes by CONNECT to an address that the guard has judged, never to a
// name that the proxy would look up by itself: what is promised above holds behind a proxy, too.
// Receivers all of whose addresses the operator listed (AddressGuard::Lists) are connected to
// directly.
//
// Thread: the loop's. Destroy it there or after the loop has stopped; callbacks
// of requests still in flight are dropped.
class HttpSender {
 public:
  struct Options {
    AddressGuard guard = {};
    NameResolver::LookUp look_up = &NameResolver::AskSystem;
    // Name resolution included.
    std::chrono::milliseconds connect_timeout{5000};
    // Of the answer; what comes after is not read, and the connection closed.
    size_t max_body_bytes = kMaxResponseBytes;
    // All header lines of an answer together, interim answers included.
    size_t max_header_bytes = size_t{16} << 10;
    // A PEM file of authorities to trust instead of the system's.
    std::string ca_file = {};
    // "http://host:port": all requests go through it. Trusted by its configuration: its own
    // addresses are not judged. Empty: none.
    std::string proxy = {};
    // "user:password", which the proxy asks for; empty: it does not.
    std::string proxy_credentials = {};
    std::string user_agent = "gatehouse-webhooks/1";
  };

  // OK if it is a URL for Options::proxy.
  static absl::Status CheckProxy(const std::string& url);
  // OK if `file` holds certificates for Options::ca_file. To be asked at the start:
  // later every delivery would fail instead.
  static absl::Status CheckCaFile(const std::string& file);

  HttpSender(base::Loop& loop, Options options);
  ~HttpSender();
  HttpSender(const HttpSender&) = delete;
  HttpSender& operator=(const HttpSender&) = delete;

  // `done` runs once, later, on the loop.
  void Send(HttpRequest request, std::function<void(HttpResult)> done);

  size_t in_flight() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_HTTP_HTTP_SENDER_H_
