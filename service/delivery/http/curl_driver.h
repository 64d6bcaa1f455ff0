#ifndef GATEHOUSE_SERVICE_DELIVERY_HTTP_CURL_DRIVER_H_
#define GATEHOUSE_SERVICE_DELIVERY_HTTP_CURL_DRIVER_H_

#include <curl/curl.h>

#include <functional>
#include <memory>
#include <string>

#include "base/async/loop.h"

namespace gatehouse::service::delivery {

// Runs a curl multi handle on a Loop: watches the sockets that curl names and
// keeps its one timer. Part of HttpSender.
//
// Thread: the loop's. `on_done` runs for each transfer that has ended, outside
// of curl's own calls, so it may add transfers.
class CurlDriver {
 public:
  CurlDriver(base::Loop& loop, std::function<void(CURL*, CURLcode)> on_done);
  // Every handle added must have been removed.
  ~CurlDriver();

  // Starts the transfer on the loop's next turn. False if curl refuses it. `to` names where it
  // goes, as in Adopt: a connection there that has something to read while nothing was asked is
  // not used again. What it holds (an early 408, a second answer) would be taken for the answer to
  // this request (RFC 9112, 6.3 and 9.3).
  bool Add(CURL* easy, const std::string& to);
  void Remove(CURL* easy);

  // For a connection's socket, given to curl in CURLOPT_OPENSOCKETFUNCTION: it stays
  // registered with the loop between requests, which then cost no registration.
  // What curl opens by itself (pipes to its resolver) it also closes unasked,
  // so that cannot stay.
  void Adopt(curl_socket_t socket, const std::string& to);
  // Before it is closed, in CURLOPT_CLOSESOCKETFUNCTION.
  void Forget(curl_socket_t socket);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_HTTP_CURL_DRIVER_H_
