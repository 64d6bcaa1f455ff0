#include "service/delivery/http/http_sender.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/text/ascii.h"
#include "service/delivery/http/connector.h"
#include "service/delivery/http/curl_driver.h"
#include "service/delivery/http/http_transfer.h"

namespace gatehouse::service::delivery {
namespace {

// Handles kept for reuse: as many as are usually in flight.
constexpr size_t kMaxSpareHandles = 256;

void InitCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

class HttpSender::Impl {
 public:
  Impl(base::Loop& loop, Options options)
      : loop_(loop),
        options_(std::move(options)),
        driver_(loop, [this](CURL* easy, CURLcode code) { OnDone(easy, code); }),
        http2_driver_(loop, [this](CURL* easy, CURLcode code) { OnDone(easy, code); }),
        resolver_(loop, options_.look_up) {}

  ~Impl() {
    for (const auto& [easy, sending] : sending_) {
      DriverOf(sending->transfer.request()).Remove(easy);
      curl_easy_cleanup(easy);
    }
    for (CURL* easy : spare_) curl_easy_cleanup(easy);
  }

  void Send(HttpRequest request, std::function<void(HttpResult)> done) {
    CURL* easy = TakeHandle();
    const uint64_t number = next_number_++;
    CurlDriver& driver = DriverOf(request);
    auto owned =
        std::make_unique<Sending>(number, std::move(done), std::move(request), options_, driver);
    Sending& sending = *owned;
    sending_.emplace(easy, std::move(owned));
    if (options_.proxy.empty() || !sending.transfer.to()) {
      // With a connection that is kept, no name is looked up and nothing judged again.
      Begin(easy, sending, HttpTransfer::kNoConnection);
    } else {
      // Which of them would do depends on where it leads.
      LookUp(easy, sending);
    }
  }

  size_t in_flight() const { return sending_.size(); }

 private:
  struct Sending {
    Sending(uint64_t its_number, std::function<void(HttpResult)> then, HttpRequest request,
            const Options& options, CurlDriver& driver)
        : number(its_number),
          done(std::move(then)),
          transfer(std::move(request), options, driver) {}

    // Handles are used again, numbers are not.
    const uint64_t number;
    std::function<void(HttpResult)> done;
    HttpTransfer transfer;
    // A kept connection was looked for, and there was none.
    bool needs_connection = false;
    // Fires while the name is looked up; then the connector has the time, and then curl.
    base::Loop::Timer timer;
    std::optional<Connector> connector;
  };

  void Begin(CURL* easy, Sending& sending, int connection) {
    HttpTransfer& transfer = sending.transfer;
    transfer.Configure(easy, connection);
    if (DriverOf(transfer.request()).Add(easy, transfer.destination())) return;
    // Later, as after any other request.
    sending.timer = loop_.At(base::SteadyTime(), [this, easy] {
      End(easy, sending_.at(easy)->transfer.Finish(easy, CURLE_FAILED_INIT));
    });
  }

  // Curl has ended.
  void OnDone(CURL* easy, CURLcode code) {
    Sending& sending = *sending_.at(easy);
    if (!sending.transfer.WantsConnection()) {
      // Who was there may have moved, and somebody else be there now.
      if (sending.needs_connection && !sending.transfer.Reached(easy)) DoubtReceiver(sending);
      return End(easy, sending.transfer.Finish(easy, code));
    }
    curl_easy_reset(easy);
    sending.needs_connection = true;
    if (sending.transfer.tunnelled()) return ConnectToProxy(easy, sending);
    LookUp(easy, sending);
  }

  // The addresses of the receiver, for Route.
  void LookUp(CURL* easy, Sending& sending) {
    Resolve(easy, sending, *sending.transfer.to(), &Impl::Route);
  }

  // `then` gets the addresses of `to`, none if there are none; or the request has timed out.
  void Resolve(CURL* easy, Sending& sending, const HostPort& to,
               void (Impl::*then)(CURL*, Sending&, const NameResolver::Addresses&)) {
    // An address in brackets is one of IPv6.
    const std::string host =
        to.host.starts_with('[') ? to.host.substr(1, to.host.size() - 2) : to.host;
    if (const std::optional<IpAddress> address = IpAddress::Parse(host)) {
      return (this->*then)(easy, sending, {*address});
    }
    const base::SteadyTime give_up = sending.transfer.connect_until();
    sending.timer = loop_.At(give_up, [this, easy] { Fail(easy, "timeout"); });
    resolver_.Resolve(
        host, give_up,
        [this, easy, then, number = sending.number](const NameResolver::Addresses& addresses) {
          const auto found = sending_.find(easy);
          if (found == sending_.end() || found->second->number != number) return;
          found->second->timer.Reset();
          (this->*then)(easy, *found->second, addresses);
        });
  }

  // By which way to the receiver, if to any.
  void Route(CURL* easy, Sending& sending, const NameResolver::Addresses& addresses) {
    if (addresses.empty()) return FailSoon(easy, sending, "dns");
    if (!sending.transfer.Judge(addresses)) return FailSoon(easy, sending, "blocked");
    const bool direct =
        options_.proxy.empty() || std::ranges::all_of(addresses, [this](const IpAddress& address) {
          return options_.guard.Lists(address);
        });
    if (!sending.needs_connection) {
      // The first of them, which the proxy is to connect to: it asks nobody for another.
      sending.transfer.SetTunnel(direct ? std::nullopt : std::optional(addresses.front()));
      return Begin(easy, sending, HttpTransfer::kNoConnection);
    }
    // Since it was looked up a moment ago the name has come to mean what is behind the proxy.
    if (!direct) return FailSoon(easy, sending, "proxy");
    Connect(easy, sending, addresses, sending.transfer.to()->port);
  }

  void ConnectToProxy(CURL* easy, Sending& sending) {
    Resolve(easy, sending, *HostPortOf(options_.proxy), &Impl::OnProxyFound);
  }

  void OnProxyFound(CURL* easy, Sending& sending, const NameResolver::Addresses& addresses) {
    if (addresses.empty()) return FailSoon(easy, sending, "proxy");
    Connect(easy, sending, addresses, HostPortOf(options_.proxy)->port);
  }

  void Connect(CURL* easy, Sending& sending, const NameResolver::Addresses& addresses,
               uint16_t port) {
    sending.connector.emplace(loop_, addresses, port, sending.transfer.connect_until(),
                              [this, easy](Connector::Outcome outcome, int socket) {
                                OnConnected(easy, outcome, socket);
                              });
  }

  void OnConnected(CURL* easy, Connector::Outcome outcome, int socket) {
    Sending& sending = *sending_.at(easy);
    if (outcome == Connector::Outcome::kConnected) return Begin(easy, sending, socket);
    if (sending.transfer.tunnelled()) {
      resolver_.Doubt(HostPortOf(options_.proxy)->host);
      return Fail(easy, "proxy");
    }
    DoubtReceiver(sending);
    Fail(easy, outcome == Connector::Outcome::kRefused ? "refused" : "timeout");
  }

  // What is known of its name led nowhere.
  void DoubtReceiver(const Sending& sending) { resolver_.Doubt(sending.transfer.to()->host); }

  // Later, as after any other request.
  void FailSoon(CURL* easy, Sending& sending, const char* problem) {
    sending.timer = loop_.At(base::SteadyTime(), [this, easy, problem] { Fail(easy, problem); });
  }

  CurlDriver& DriverOf(const HttpRequest& request) {
    return request.transport.http2 ? http2_driver_ : driver_;
  }

  CURL* TakeHandle() {
    if (spare_.empty()) return curl_easy_init();
    CURL* easy = spare_.back();
    spare_.pop_back();
    return easy;
  }

  void Fail(CURL* easy, const char* error_class) {
    End(easy, sending_.at(easy)->transfer.Fail(error_class));
  }

  void End(CURL* easy, HttpResult result) {
    const auto found = sending_.find(easy);
    const std::unique_ptr<Sending> sending = std::move(found->second);
    sending_.erase(found);
    if (spare_.size() < kMaxSpareHandles) {
      curl_easy_reset(easy);
      spare_.push_back(easy);
    } else {
      curl_easy_cleanup(easy);
    }
    sending->done(std::move(result));
  }

  base::Loop& loop_;
  const Options options_;
  uint64_t next_number_ = 0;
  std::unordered_map<CURL*, std::unique_ptr<Sending>> sending_;
  std::vector<CURL*> spare_;
  CurlDriver driver_;
  // Of its own, so that no request that is not meant for it finds a connection of HTTP/2.
  CurlDriver http2_driver_;
  NameResolver resolver_;
};

absl::Status HttpSender::CheckProxy(const std::string& url) {
  const std::optional<HostPort> proxy = HostPortOf(url);
  const size_t host = url.find("://");
  // Without a port curl takes 1080 for a proxy, which is not where it is connected to here.
  const size_t port = url.rfind(':');
  const bool has_port = port > host && url.find(']', port) == std::string::npos;
  if (base::StartsWithIgnoringCase(url, "http://") && proxy && proxy->port != 0 && has_port &&
      url.find_first_of("@/?#", host + 3) == std::string::npos) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      "must be http://host:port without credentials, path or query");
}

absl::Status HttpSender::CheckCaFile(const std::string& file) {
  const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(),
                                                                      &X509_STORE_free);
  const bool loaded = X509_STORE_load_file(store.get(), file.c_str()) == 1;
  // What went wrong stays in the thread's queue otherwise, for others to find.
  ERR_clear_error();
  if (loaded) return absl::OkStatus();
  return absl::FailedPreconditionError("no certificates of authorities can be read from \"" + file +
                                       "\"");
}

HttpSender::HttpSender(base::Loop& loop, Options options) {
  InitCurl();
  impl_ = std::make_unique<Impl>(loop, std::move(options));
}

HttpSender::~HttpSender() = default;

void HttpSender::Send(HttpRequest request, std::function<void(HttpResult)> done) {
  impl_->Send(std::move(request), std::move(done));
}

size_t HttpSender::in_flight() const { return impl_->in_flight(); }

}  // namespace gatehouse::service::delivery
