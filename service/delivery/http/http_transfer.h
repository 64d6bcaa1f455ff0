#ifndef GATEHOUSE_SERVICE_DELIVERY_HTTP_HTTP_TRANSFER_H_
#define GATEHOUSE_SERVICE_DELIVERY_HTTP_HTTP_TRANSFER_H_

#include <curl/curl.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "base/time.h"
#include "service/delivery/http/curl_driver.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/http/name_resolver.h"

namespace gatehouse::service::delivery {

// The host of a URL and its port, as curl reads them: judging another host than the
// one connected to would be no protection.
struct HostPort {
  std::string host;
  std::string port;
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
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  const HttpRequest& request() const { return request_; }
  base::SteadyTime start() const { return start_; }

  // What the host's name was found to mean: no other address is connected to. False
  // if there is none or one that the guard refuses.
  bool Pin(const HostPort& to, const NameResolver::Addresses& addresses);

  // Sets `easy`, which is as new, up for the request.
  void Configure(CURL* easy);

  // The result, once `easy` has ended with `code`, or could not be started with it.
  HttpResult Finish(CURL* easy, CURLcode code);

 private:
  // What is left of `limit`; curl takes 0 for no limit at all.
  long Remaining(std::chrono::milliseconds limit) const;

  // For curl.
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int CloseSocket(void* driver, curl_socket_t socket);
  static size_t OnHeader(char* data, size_t, size_t size, void* self);
  static size_t OnBody(char* data, size_t, size_t size, void* self);

  const HttpSender::Options& options_;
  CurlDriver& driver_;
  const HttpRequest request_;
  const base::SteadyTime start_ = std::chrono::steady_clock::now();
  HttpResult result_;
  curl_slist* headers_ = nullptr;
  curl_slist* pinned_ = nullptr;
  size_t header_bytes_ = 0;
  bool begun_ = false;
  bool blocked_ = false;
  bool headers_too_large_ = false;
  bool body_cut_ = false;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_HTTP_HTTP_TRANSFER_H_
