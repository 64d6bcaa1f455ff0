#include "service/workers/webhook/http_sender.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "absl/strings/ascii.h"
#include "service/workers/webhook/curl_driver.h"

namespace gatehouse::service::webhook {
namespace {

// Handles kept for reuse: as many as are usually in flight.
constexpr size_t kMaxSpareHandles = 256;
// A connection older than this is not reused: load balancers move, and DNS with
// them.
constexpr long kMaxConnectionAgeSeconds = 60;
constexpr std::string_view kRetryAfter = "retry-after:";
// More is neither seconds nor a date.
constexpr size_t kMaxRetryAfterBytes = 64;

std::string_view ClassOf(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "dns";
    case CURLE_COULDNT_CONNECT:
      return "refused";
    case CURLE_OPERATION_TIMEDOUT:
      return "timeout";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_USE_SSL_FAILED:
      return "tls";
    default:
      return "transport";
  }
}

// The host of a URL and its port, as curl reads them: judging another host than the
// one connected to would be no protection.
struct HostPort {
  std::string host;
  std::string port;
};

std::optional<HostPort> HostPortOf(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  char* host = nullptr;
  char* port = nullptr;
  std::optional<HostPort> result;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) == CURLUE_OK &&
      curl_url_get(parsed.get(), CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
    result = HostPort{host, port};
  }
  curl_free(host);
  curl_free(port);
  return result;
}

// As CURLOPT_RESOLVE takes it: the one answer for this host, which curl forgets again.
std::string PinnedTo(const HostPort& to, const NameResolver::Addresses& addresses) {
  std::string text = "+" + to.host + ":" + to.port + ":";
  for (size_t i = 0; i < addresses.size(); ++i) {
    const std::string address = addresses[i].ToString();
    text += (i == 0 ? "" : ",") + (addresses[i].v6 ? "[" + address + "]" : address);
  }
  return text;
}

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
    for (const auto& [easy, transfer] : transfers_) {
      driver_.Remove(easy);
      curl_easy_cleanup(easy);
    }
    for (CURL* easy : spare_) curl_easy_cleanup(easy);
  }

  void Send(HttpRequest request, std::function<void(HttpResult)> done) {
    CURL* easy = TakeHandle();
    auto owned = std::make_unique<Transfer>(*this, std::move(request), std::move(done));
    Transfer& transfer = *owned;
    transfers_.emplace(easy, std::move(owned));
    const std::optional<HostPort> to = HostPortOf(transfer.request.url);
    // An address is judged when the socket is made; a URL that is none, curl refuses.
    const bool is_name = to && !to->host.starts_with('[') && !IpAddress::Parse(to->host);
    if (!is_name) return Begin(easy, transfer);
    const auto limit = std::min(transfer.request.timeout, options_.connect_timeout);
    const base::SteadyTime give_up = transfer.start + limit;
    transfer.resolving =
        loop_.At(give_up, [this, easy] { OnDone(easy, CURLE_OPERATION_TIMEDOUT); });
    resolver_.Resolve(
        to->host, give_up,
        [this, easy, number = transfer.number, to = *to](const NameResolver::Addresses& addresses) {
          OnResolved(easy, number, to, addresses);
        });
  }

  size_t in_flight() const { return transfers_.size(); }

 private:
  struct Transfer {
    Transfer(Impl& owner, HttpRequest what, std::function<void(HttpResult)> then)
        : impl(owner), request(std::move(what)), done(std::move(then)) {}
    ~Transfer() {
      curl_slist_free_all(headers);
      curl_slist_free_all(pinned);
    }

    Impl& impl;
    // Handles are used again, numbers are not.
    const uint64_t number = impl.next_number_++;
    HttpRequest request;
    std::function<void(HttpResult)> done;
    HttpResult result;
    curl_slist* headers = nullptr;
    curl_slist* pinned = nullptr;
    // Fires while the name is looked up; then curl has the time.
    base::Loop::Timer resolving;
    bool begun = false;
    base::SteadyTime start = std::chrono::steady_clock::now();
    size_t header_bytes = 0;
    bool blocked = false;
    bool headers_too_large = false;
    bool body_cut = false;
  };

  void OnResolved(CURL* easy, uint64_t number, const HostPort& to,
                  const NameResolver::Addresses& addresses) {
    const auto found = transfers_.find(easy);
    if (found == transfers_.end() || found->second->number != number) return;
    Transfer& transfer = *found->second;
    transfer.resolving.Reset();
    // One refused address taints the whole answer: a name that points inside and
    // outside is up to no good.
    transfer.blocked = !std::ranges::all_of(
        addresses, [&](const IpAddress& address) { return options_.guard.Allows(address); });
    if (addresses.empty() || transfer.blocked) {
      // Later, as after any other request.
      transfer.resolving =
          loop_.At(base::SteadyTime(), [this, easy] { OnDone(easy, CURLE_COULDNT_RESOLVE_HOST); });
      return;
    }
    transfer.pinned = curl_slist_append(nullptr, PinnedTo(to, addresses).c_str());
    Begin(easy, transfer);
  }

  void Begin(CURL* easy, Transfer& transfer) {
    transfer.begun = true;
    Configure(easy, transfer);
    if (!driver_.Add(easy)) OnDone(easy, CURLE_FAILED_INIT);
  }

  // What is left of `limit`; curl takes 0 for no limit at all.
  static long Remaining(const Transfer& transfer, std::chrono::milliseconds limit) {
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - transfer.start);
    return std::max<long>(static_cast<long>((limit - spent).count()), 1);
  }

  CURL* TakeHandle() {
    if (spare_.empty()) return curl_easy_init();
    CURL* easy = spare_.back();
    spare_.pop_back();
    return easy;
  }

  void Configure(CURL* easy, Transfer& transfer) {
    for (const auto& [name, value] : transfer.request.headers) {
      transfer.headers = curl_slist_append(transfer.headers, (name + ": " + value).c_str());
    }
    transfer.headers = curl_slist_append(transfer.headers, "Accept-Encoding: identity");
    // Do not wait for "100 Continue" before a body of any size.
    transfer.headers = curl_slist_append(transfer.headers, "Expect:");
    const std::string& body = *transfer.request.body;
    curl_easy_setopt(easy, CURLOPT_URL, transfer.request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
    curl_easy_setopt(easy, CURLOPT_RESOLVE, transfer.pinned);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, Remaining(transfer, transfer.request.timeout));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                     Remaining(transfer, options_.connect_timeout));
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!options_.ca_file.empty()) {
      curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
      curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    }
    curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, kMaxConnectionAgeSeconds);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CloseSocket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &driver_);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
  }

  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address) {
    Transfer& transfer = *static_cast<Transfer*>(self);
    const std::optional<IpAddress> ip = IpAddress::FromSockaddr(address->addr);
    if (transfer.blocked || purpose != CURLSOCKTYPE_IPCXN || !ip ||
        !transfer.impl.options_.guard.Allows(*ip)) {
      transfer.blocked = true;
      return CURL_SOCKET_BAD;
    }
    const curl_socket_t socket =
        ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (socket != CURL_SOCKET_BAD) transfer.impl.driver_.Adopt(socket);
    return socket;
  }

  static int CloseSocket(void* driver, curl_socket_t socket) {
    static_cast<CurlDriver*>(driver)->Forget(socket);
    return ::close(socket);
  }

  static size_t OnHeader(char* data, size_t, size_t size, void* self) {
    Transfer& transfer = *static_cast<Transfer*>(self);
    transfer.header_bytes += size;
    if (transfer.header_bytes > transfer.impl.options_.max_header_bytes) {
      transfer.headers_too_large = true;
      return 0;
    }
    const std::string line(data, size);
    if (size > kRetryAfter.size() &&
        absl::AsciiStrToLower(line.substr(0, kRetryAfter.size())) == kRetryAfter) {
      std::string value = line.substr(kRetryAfter.size(), kMaxRetryAfterBytes);
      absl::StripAsciiWhitespace(&value);
      transfer.result.retry_after = std::move(value);
    }
    return size;
  }

  static size_t OnBody(char* data, size_t, size_t size, void* self) {
    Transfer& transfer = *static_cast<Transfer*>(self);
    std::string& body = transfer.result.body;
    const size_t room = transfer.impl.options_.max_body_bytes - body.size();
    body.append(data, std::min(size, room));
    if (size <= room) return size;
    transfer.body_cut = true;
    return 0;
  }

  void OnDone(CURL* easy, CURLcode code) {
    const auto found = transfers_.find(easy);
    std::unique_ptr<Transfer> transfer = std::move(found->second);
    transfers_.erase(found);
    HttpResult& result = transfer->result;
    long status = 0;
    if (transfer->begun) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    // Cutting the body is our doing; the answer was complete in what counts.
    if (code == CURLE_WRITE_ERROR && transfer->body_cut) code = CURLE_OK;
    result.status_code = static_cast<int>(status);
    if (transfer->headers_too_large) {
      result.error_class = "too_large";
    } else if (code != CURLE_OK) {
      result.error_class = transfer->blocked ? "blocked" : ClassOf(code);
    } else if (status < 200 || status > 299) {
      result.error_class = "status";
    }
    result.latency = std::chrono::duration_cast<base::Duration>(std::chrono::steady_clock::now() -
                                                                transfer->start);
    if (spare_.size() < kMaxSpareHandles) {
      curl_easy_reset(easy);
      spare_.push_back(easy);
    } else {
      curl_easy_cleanup(easy);
    }
    transfer->done(std::move(result));
  }

  base::Loop& loop_;
  Options options_;
  uint64_t next_number_ = 0;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;
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

}  // namespace gatehouse::service::webhook
