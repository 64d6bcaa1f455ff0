#include "service/delivery/http/http_sender.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

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
    const HttpTransfer& transfer = sending.transfer;
    const std::optional<HostPort> to = HostPortOf(transfer.request().url);
    // An address is judged when the socket is made; a URL that is none, curl refuses.
    const bool is_name = to && !to->host.starts_with('[') && !IpAddress::Parse(to->host);
    if (!is_name) return Begin(easy, sending);
    const auto limit = std::min(transfer.request().timeout, options_.connect_timeout);
    const base::SteadyTime give_up = transfer.start() + limit;
    sending.resolving = loop_.At(give_up, [this, easy] { OnDone(easy, CURLE_OPERATION_TIMEDOUT); });
    resolver_.Resolve(to->host, give_up,
                      [this, easy, number, to = *to](const NameResolver::Addresses& addresses) {
                        OnResolved(easy, number, to, addresses);
                      });
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
    // Fires while the name is looked up; then curl has the time.
    base::Loop::Timer resolving;
  };

  void OnResolved(CURL* easy, uint64_t number, const HostPort& to,
                  const NameResolver::Addresses& addresses) {
    const auto found = sending_.find(easy);
    if (found == sending_.end() || found->second->number != number) return;
    Sending& sending = *found->second;
    sending.resolving.Reset();
    if (sending.transfer.Pin(to, addresses)) return Begin(easy, sending);
    // Later, as after any other request.
    sending.resolving =
        loop_.At(base::SteadyTime(), [this, easy] { OnDone(easy, CURLE_COULDNT_RESOLVE_HOST); });
  }

  void Begin(CURL* easy, Sending& sending) {
    sending.transfer.Configure(easy);
    if (!driver_.Add(easy)) OnDone(easy, CURLE_FAILED_INIT);
  }

  CURL* TakeHandle() {
    if (spare_.empty()) return curl_easy_init();
    CURL* easy = spare_.back();
    spare_.pop_back();
    return easy;
  }

  void OnDone(CURL* easy, CURLcode code) {
    const auto found = sending_.find(easy);
    const std::unique_ptr<Sending> sending = std::move(found->second);
    sending_.erase(found);
    HttpResult result = sending->transfer.Finish(easy, code);
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
