#include "service/delivery/http/http_sender.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

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
        resolver_(loop, options_.look_up) {}

  ~Impl() {
    for (const auto& [easy, sending] : sending_) {
      driver_.Remove(easy);
      curl_easy_cleanup(easy);
    }
    for (CURL* easy : spare_) curl_easy_cleanup(easy);
  }

  void Send(HttpRequest request, std::function<void(HttpResult)> done) {
    CURL* easy = TakeHandle();
    const uint64_t number = next_number_++;
    auto owned =
        std::make_unique<Sending>(number, std::move(done), std::move(request), options_, driver_);
    Sending& sending = *owned;
    sending_.emplace(easy, std::move(owned));
    // With a connection that is kept, no name is looked up and nothing judged again.
    Begin(easy, sending, HttpTransfer::kNoConnection);
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
    // Fires while the name is looked up; then the connector has the time, and then curl.
    base::Loop::Timer timer;
    std::optional<Connector> connector;
  };

  void Begin(CURL* easy, Sending& sending, int connection) {
    HttpTransfer& transfer = sending.transfer;
    transfer.Configure(easy, connection);
    if (driver_.Add(easy, transfer.to() ? transfer.to()->ToString() : "")) return;
    // Later, as after any other request.
    sending.timer = loop_.At(base::SteadyTime(), [this, easy] {
      End(easy, sending_.at(easy)->transfer.Finish(easy, CURLE_FAILED_INIT));
    });
  }

  // Curl has ended.
  void OnDone(CURL* easy, CURLcode code) {
    Sending& sending = *sending_.at(easy);
    if (!sending.transfer.WantsConnection()) return End(easy, sending.transfer.Finish(easy, code));
    curl_easy_reset(easy);
    const HostPort& to = *sending.transfer.to();
    // An address in brackets is one of IPv6.
    const std::string host =
        to.host.starts_with('[') ? to.host.substr(1, to.host.size() - 2) : to.host;
    if (const std::optional<IpAddress> address = IpAddress::Parse(host)) {
      return Connect(easy, sending, {*address});
    }
    const base::SteadyTime give_up = sending.transfer.connect_until();
    sending.timer = loop_.At(give_up, [this, easy] { Fail(easy, "timeout"); });
    resolver_.Resolve(
        host, give_up,
        [this, easy, number = sending.number](const NameResolver::Addresses& addresses) {
          const auto found = sending_.find(easy);
          if (found == sending_.end() || found->second->number != number) return;
          Connect(easy, *found->second, addresses);
        });
  }

  void Connect(CURL* easy, Sending& sending, const NameResolver::Addresses& addresses) {
    sending.timer.Reset();
    const char* problem = addresses.empty()                   ? "dns"
                          : sending.transfer.Judge(addresses) ? nullptr
                                                              : "blocked";
    if (problem != nullptr) {
      sending.timer = loop_.At(base::SteadyTime(), [this, easy, problem] { Fail(easy, problem); });
      return;
    }
    sending.connector.emplace(loop_, addresses, sending.transfer.to()->port,
                              sending.transfer.connect_until(),
                              [this, easy](Connector::Outcome outcome, int socket) {
                                OnConnected(easy, outcome, socket);
                              });
  }

  void OnConnected(CURL* easy, Connector::Outcome outcome, int socket) {
    Sending& sending = *sending_.at(easy);
    if (outcome == Connector::Outcome::kConnected) return Begin(easy, sending, socket);
    // The receiver may have moved.
    resolver_.Doubt(sending.transfer.to()->host);
    Fail(easy, outcome == Connector::Outcome::kRefused ? "refused" : "timeout");
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
  NameResolver resolver_;
};

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
