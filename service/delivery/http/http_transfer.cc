#include "service/delivery/http/http_transfer.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/text/ascii.h"

namespace gatehouse::service::delivery {
namespace {

// A connection older than this is not reused: load balancers move, and DNS with
// them.
constexpr long kMaxConnectionAgeSeconds = 60;
constexpr std::string_view kRetryAfter = "retry-after:";
// As curl names it.
constexpr std::string_view kExpireDate = "Expire date:";
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

// As CURLOPT_RESOLVE takes it: an answer for this host, so that curl asks nobody. It is not
// connected to, since curl gets its connections, and comes from a network for documentation.
std::string Pinned(const HostPort& to) { return "+" + to.ToString() + ":192.0.2.1"; }

std::string InUrl(const IpAddress& address) {
  return address.v6 ? "[" + address.ToString() + "]" : address.ToString();
}

// Of the transfer's own, which outlives what curl does with it.
void SetBlob(CURL* easy, CURLoption option, const std::string& data) {
  curl_blob blob = {const_cast<char*>(data.data()), data.size(), CURL_BLOB_NOCOPY};
  curl_easy_setopt(easy, option, &blob);
}

bool IsEndOfHead(std::string_view line) { return line == "\r\n" || line == "\n"; }

// Of the certificate that the connection of `easy` showed, if it was made for it.
std::optional<base::Time> CertificateExpires(CURL* easy) {
  curl_certinfo* chain = nullptr;
  if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || chain == nullptr ||
      chain->num_of_certs == 0) {
    return std::nullopt;
  }
  // The receiver's own is the first.
  for (const curl_slist* field = chain->certinfo[0]; field != nullptr; field = field->next) {
    const std::string_view text = field->data;
    if (!text.starts_with(kExpireDate)) continue;
    const time_t expires = curl_getdate(field->data + kExpireDate.size(), nullptr);
    if (expires > 0) return base::Time(std::chrono::seconds(expires));
  }
  return std::nullopt;
}

bool IsSuccess(long status) { return status >= 200 && status <= 299; }

// What a proxy answered to the CONNECT of `easy`; 0: nothing, or there was none.
long AnswerOfProxy(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
  return status;
}

bool RefusedByProxy(CURL* easy) {
  const long status = AnswerOfProxy(easy);
  return status != 0 && !IsSuccess(status);
}

HostPort Read(const char* host, const char* port) {
  HostPort to{.host = absl::AsciiStrToLower(host)};
  std::from_chars(port, port + std::strlen(port), to.port);
  return to;
}

}  // namespace

std::optional<HostPort> HostPortOf(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  char* host = nullptr;
  char* port = nullptr;
  std::optional<HostPort> result;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) == CURLUE_OK &&
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) == CURLUE_OK &&
      curl_url_get(parsed.get(), CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
    result = Read(host, port);
  }
  curl_free(host);
  curl_free(port);
  return result;
}

HttpTransfer::HttpTransfer(HttpRequest request, const HttpSender::Options& options,
                           CurlDriver& driver)
    : options_(options),
      driver_(driver),
      request_(std::move(request)),
      to_(HostPortOf(request_.url)) {
  SetTunnel(std::nullopt);
  for (const auto& [name, value] : request_.headers) {
    headers_ = curl_slist_append(headers_, (name + ": " + value).c_str());
  }
  headers_ = curl_slist_append(headers_, "Accept-Encoding: identity");
  // Do not wait for "100 Continue" before a body of any size.
  headers_ = curl_slist_append(headers_, "Expect:");
}

HttpTransfer::~HttpTransfer() {
  curl_slist_free_all(headers_);
  curl_slist_free_all(pinned_);
  curl_slist_free_all(connect_to_);
  if (connection_ != kNoConnection) ::close(connection_);
}

void HttpTransfer::SetTunnel(const std::optional<IpAddress>& address) {
  tunnel_ = address;
  curl_slist_free_all(std::exchange(pinned_, nullptr));
  curl_slist_free_all(std::exchange(connect_to_, nullptr));
  if (!to_) return;
  const std::optional<HostPort> first = tunnel_ ? HostPortOf(options_.proxy) : to_;
  if (first) pinned_ = curl_slist_append(nullptr, Pinned(*first).c_str());
  if (!tunnel_) return;
  connect_to_ = curl_slist_append(
      nullptr, (to_->ToString() + ":" + InUrl(*tunnel_) + ":" + std::to_string(to_->port)).c_str());
}

std::string HttpTransfer::destination() const {
  if (!to_) return {};
  if (!tunnel_) return to_->ToString();
  return options_.proxy + " " + InUrl(*tunnel_) + " " + to_->ToString();
}

bool HttpTransfer::Judge(const NameResolver::Addresses& addresses) {
  return std::ranges::all_of(
      addresses, [&](const IpAddress& address) { return options_.guard.Allows(address); });
}

base::SteadyTime HttpTransfer::connect_until() const {
  return start_ + std::min(request_.timeout, options_.connect_timeout);
}

long HttpTransfer::Remaining(std::chrono::milliseconds limit) const {
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start_);
  return std::max<long>(static_cast<long>((limit - spent).count()), 1);
}

void HttpTransfer::Configure(CURL* easy, int connection) {
  connection_ = connection;
  wants_connection_ = false;
  const std::string& body = *request_.body;
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_RESOLVE, pinned_);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, Remaining(request_.timeout));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Remaining(options_.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  ConfigureProxy(easy);
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(
      easy, CURLOPT_HTTP_VERSION,
      static_cast<long>(request_.transport.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  ConfigureTls(easy);
  curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, kMaxConnectionAgeSeconds);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &OpenSocket);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &AlreadyConnected);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CloseSocket);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &driver_);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
}

void HttpTransfer::ConfigureTls(CURL* easy) {
  const TransportOptions& transport = request_.transport;
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!transport.ca_certificates.empty()) {
    SetBlob(easy, CURLOPT_CAINFO_BLOB, transport.ca_certificates);
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  } else if (!options_.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  if (transport.client_certificate.empty()) return;
  curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
  curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
  SetBlob(easy, CURLOPT_SSLCERT_BLOB, transport.client_certificate);
  SetBlob(easy, CURLOPT_SSLKEY_BLOB, transport.client_key);
}

void HttpTransfer::ConfigureProxy(CURL* easy) {
  // Also "": none from the environment, and none of its exceptions.
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  curl_easy_setopt(easy, CURLOPT_PROXY, tunnel_ ? options_.proxy.c_str() : "");
  if (!tunnel_) return;
  curl_easy_setopt(easy, CURLOPT_HTTPPROXYTUNNEL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to_);
  // What is for the receiver the proxy does not get, and what it answers is no answer of the
  // receiver.
  curl_easy_setopt(easy, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!options_.proxy_credentials.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXYUSERPWD, options_.proxy_credentials.c_str());
  }
}

bool HttpTransfer::Reached(CURL* easy) const {
  if (tunnel_ && !IsSuccess(AnswerOfProxy(easy))) return false;
  if (!base::StartsWithIgnoringCase(request_.url, "https:")) return true;
  // 0 until the handshake has ended well.
  curl_off_t handshake = 0;
  curl_easy_getinfo(easy, CURLINFO_APPCONNECT_TIME_T, &handshake);
  return handshake > 0;
}

HttpResult HttpTransfer::Finish(CURL* easy, CURLcode code) {
  long status = 0;
  // Half a head says nothing, whatever its first line was (RFC 9112, 8).
  if (head_complete_) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  // Cutting the body is our doing; the answer was complete in what counts.
  if (code == CURLE_WRITE_ERROR && body_cut_) code = CURLE_OK;
  result_.status_code = static_cast<int>(status);
  result_.certificate_expires = CertificateExpires(easy);
  if (headers_too_large_) return Fail("too_large");
  if (code != CURLE_OK && RefusedByProxy(easy)) return Fail("proxy");
  if (code != CURLE_OK) return Fail(ClassOf(code));
  if (!head_complete_) return Fail("transport");
  return Fail(IsSuccess(status) ? "" : "status");
}

HttpResult HttpTransfer::Fail(std::string_view error_class) {
  result_.error_class = error_class;
  result_.latency =
      std::chrono::duration_cast<base::Duration>(std::chrono::steady_clock::now() - start_);
  return std::move(result_);
}

curl_socket_t HttpTransfer::OpenSocket(void* self, curlsocktype, curl_sockaddr*) {
  HttpTransfer& transfer = *static_cast<HttpTransfer*>(self);
  const curl_socket_t socket = std::exchange(transfer.connection_, kNoConnection);
  if (socket == kNoConnection) {
    transfer.wants_connection_ = true;
    return CURL_SOCKET_BAD;
  }
  transfer.driver_.Adopt(socket, transfer.destination());
  return socket;
}

int HttpTransfer::AlreadyConnected(void*, curl_socket_t, curlsocktype) {
  return CURL_SOCKOPT_ALREADY_CONNECTED;
}

int HttpTransfer::CloseSocket(void* driver, curl_socket_t socket) {
  static_cast<CurlDriver*>(driver)->Forget(socket);
  return ::close(socket);
}

size_t HttpTransfer::OnHeader(char* data, size_t, size_t size, void* self) {
  HttpTransfer& transfer = *static_cast<HttpTransfer*>(self);
  transfer.header_bytes_ += size;
  if (transfer.header_bytes_ > transfer.options_.max_header_bytes) {
    transfer.headers_too_large_ = true;
    return 0;
  }
  transfer.ReadHeaderLine({data, size});
  return size;
}

void HttpTransfer::ReadHeaderLine(std::string_view line) {
  // Trailers are not the answer's header.
  if (head_complete_) return;
  if (line.starts_with("HTTP/")) {
    const size_t status = line.find(' ');
    interim_ = status != std::string_view::npos && line.substr(status + 1).starts_with('1');
  } else if (IsEndOfHead(line)) {
    head_complete_ = !interim_;
  } else if (!interim_ && base::StartsWithIgnoringCase(line, kRetryAfter)) {
    std::string value(line.substr(kRetryAfter.size(), kMaxRetryAfterBytes));
    absl::StripAsciiWhitespace(&value);
    result_.retry_after = std::move(value);
  }
}

size_t HttpTransfer::OnBody(char* data, size_t, size_t size, void* self) {
  HttpTransfer& transfer = *static_cast<HttpTransfer*>(self);
  std::string& body = transfer.result_.body;
  const size_t room = transfer.options_.max_body_bytes - body.size();
  body.append(data, std::min(size, room));
  if (size <= room) return size;
  transfer.body_cut_ = true;
  return 0;
}

}  // namespace gatehouse::service::delivery
