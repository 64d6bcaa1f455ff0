#ifndef GATEHOUSE_SERVICE_DELIVERY_HTTP_CURL_DRIVER_H_
#define GATEHOUSE_SERVICE_DELIVERY_HTTP_CURL_DRIVER_H_

#include <curl/curl.h>

#include <functional>
#include <memory>

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

  // Starts the transfer on the loop's next turn. False if curl refuses it.
  bool Add(CURL* easy);
  void Remove(CURL* easy);

  // For a connection's socket, made in CURLOPT_OPENSOCKETFUNCTION: it stays
  // registered with the loop between requests, which then cost no registration.
  // What curl opens by itself (pipes to its resolver) it also closes unasked,
  // so that cannot stay.
  void Adopt(curl_socket_t socket);
  // Before it is closed, in CURLOPT_CLOSESOCKETFUNCTION.
  void Forget(curl_socket_t socket);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_HTTP_CURL_DRIVER_H_
