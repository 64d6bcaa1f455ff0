#include "service/mail/smtp/smtp_transfer.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <mutex>

#include "absl/status/statusor.h"
#include "base/small_file.h"
#include "base/text/ascii.h"

namespace gatehouse::service::mail {
namespace {

// For a message whose last byte may have left.
constexpr std::chrono::seconds kStopGrace(5);
// For the answer to a farewell, of a server that is still at something else, say: curl would wait
// for two minutes, whatever its timeout.
constexpr std::chrono::seconds kFarewellTime(1);
constexpr std::chrono::milliseconds kMaxConnectTime{10'000};
// Replies that say that the sender may not send at all, whatever the mail (RFC 4954, 4 to 6).
constexpr int32_t kAuthReplies[] = {530, 534, 535, 538};

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

void InitCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

// nullopt if it cannot be read. An end of line is not part of it.
std::optional<std::string> ReadPassword(const std::string& file) {
  if (file.empty()) return "";
  absl::StatusOr<std::string> text = base::ReadSmallFile("mail.password_file", file);
  if (!text.ok()) return std::nullopt;
  return std::string(base::WithoutLineEnd(*text));
}

}  // namespace

SmtpResult SmtpTransfer::Run() {
  InitCurl();
  const std::optional<std::string> password = ReadPassword(server_.password_file);
  if (!password) return Failed("password", true);
  const Handle easy(curl_easy_init(), &curl_easy_cleanup);
  const List recipients(curl_slist_append(nullptr, ("<" + mail_.to + ">").c_str()),
                        &curl_slist_free_all);
  if (!easy || !recipients) return Failed("transport", true);
  SetUp(easy.get(), *password);
  curl_easy_setopt(easy.get(), CURLOPT_MAIL_RCPT, recipients.get());
  return Judge(curl_easy_perform(easy.get()));
}

void SmtpTransfer::SetUp(CURL* easy, const std::string& password) {
  const bool implicit = server_.tls == SmtpTls::kImplicit;
  // What follows the address is the name of who says hello.
  const std::string url = (implicit ? "smtps://" : "smtp://") + server_.address +
                          (server_.helo_name.empty() ? "" : "/" + server_.helo_name);
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, implicit ? "smtps" : "smtp");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Without waiting for a look-up that nobody is interested in any more.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(server_.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(std::min(kMaxConnectTime, server_.timeout).count()));
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(
      easy, CURLOPT_USE_SSL,
      static_cast<long>(server_.tls == SmtpTls::kNone ? CURLUSESSL_NONE : CURLUSESSL_ALL));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!server_.ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, server_.ca_file.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
  }
  if (!server_.username.empty()) {
    curl_easy_setopt(easy, CURLOPT_USERNAME, server_.username.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, password.c_str());
  }
  curl_easy_setopt(easy, CURLOPT_MAIL_FROM, ("<" + mail_.from + ">").c_str());
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Read);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  // The only way to know which command a reply is about.
  curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, &Debug);
  curl_easy_setopt(easy, CURLOPT_DEBUGDATA, this);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &Progress);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, this);
}

SmtpResult SmtpTransfer::Failed(std::string_view error_class, bool server_trouble) const {
  return {.kind = SmtpResult::Kind::kLater,
          .error_class = std::string(error_class),
          .code = code_,
          .server_trouble = server_trouble};
}

SmtpResult SmtpTransfer::Judge(CURLcode code) const {
  if (code == CURLE_OK) return {.kind = SmtpResult::Kind::kSent, .code = code_};
  if (lacks_utf8_) {
    SmtpResult result = Failed("utf8", false);
    result.kind = SmtpResult::Kind::kRefused;
    return result;
  }
  if (stopped_) return Failed("stopped", false);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return Failed("dns", true);
    case CURLE_COULDNT_CONNECT:
      return Failed("refused", true);
    case CURLE_OPERATION_TIMEDOUT:
      // A server that takes its time over one mail may be quick with the next.
      return Failed("timeout", step_ < Step::kFrom);
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return Failed("tls", true);
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR:
      return Failed("auth", true);
    default:
      return JudgeReply();
  }
}

SmtpResult SmtpTransfer::JudgeReply() const {
  // No reply, or one that curl could go on with, before the connection broke.
  if (code_ < 400) return Failed("transport", step_ < Step::kFrom);
  if (std::ranges::find(kAuthReplies, code_) != std::end(kAuthReplies)) return Failed("auth", true);
  switch (step_) {
    case Step::kConnect:
    case Step::kHello:
    case Step::kStartTls:
    case Step::kLogin:
      return Failed("greeting", true);
    case Step::kFrom:
      // The same for every mail, and the operator can mend it.
      return Failed("sender", true);
    case Step::kTo:
    case Step::kData:
      break;
  }
  SmtpResult result = Failed(step_ == Step::kTo ? "recipient" : "message", false);
  if (code_ >= 500) result.kind = SmtpResult::Kind::kRefused;
  return result;
}

void SmtpTransfer::OnCommand(std::string_view line) {
  const auto is = [line](std::string_view verb) {
    return base::StartsWithIgnoringCase(line, verb);
  };
  if (line == "QUIT\r\n") {
    quit_time_ = std::chrono::steady_clock::now();
  } else if (step_ == Step::kLogin && !is("MAIL FROM:")) {
    // The steps of a login, base64, which may look like anything.
  } else if (is("EHLO") || is("HELO")) {
    step_ = Step::kHello;
    ++hellos_;
    offers_utf8_ = false;
  } else if (is("STARTTLS")) {
    step_ = Step::kStartTls;
  } else if (is("AUTH")) {
    step_ = Step::kLogin;
  } else if (is("MAIL FROM:")) {
    step_ = Step::kFrom;
  } else if (is("RCPT TO:")) {
    step_ = Step::kTo;
  } else if (is("DATA")) {
    step_ = Step::kData;
  }
}

bool SmtpTransfer::said_all() const {
  return step_ == Step::kHello && hellos_ == (server_.tls == SmtpTls::kStartTls ? 2 : 1);
}

bool SmtpTransfer::OnReply(std::string_view line) {
  int32_t code = 0;
  if (line.size() < 3 ||
      std::from_chars(line.data(), line.data() + 3, code).ptr != line.data() + 3) {
    return true;
  }
  // What it says to a farewell changes nothing.
  if (quit_time_) return true;
  code_ = code;
  if (step_ != Step::kHello || code != 250) return true;
  offers_utf8_ |=
      base::StartsWithIgnoringCase(line.substr(std::min<size_t>(4, line.size())), "SMTPUTF8");
  const bool last = line.size() < 4 || line[3] != '-';
  if (last && said_all() && mail_.needs_utf8 && !offers_utf8_) lacks_utf8_ = true;
  return !lacks_utf8_;
}

size_t SmtpTransfer::Read(char* buffer, size_t size, size_t count, void* self) {
  SmtpTransfer& transfer = *static_cast<SmtpTransfer*>(self);
  const std::string& message = transfer.mail_.message;
  const size_t length = std::min(size * count, message.size() - transfer.read_);
  std::memcpy(buffer, message.data() + transfer.read_, length);
  transfer.read_ += length;
  return length;
}

size_t SmtpTransfer::Header(char* data, size_t size, size_t count, void* self) {
  const bool go_on = static_cast<SmtpTransfer*>(self)->OnReply({data, size * count});
  return go_on ? size * count : 0;
}

int SmtpTransfer::Debug(CURL*, curl_infotype type, char* data, size_t size, void* self) {
  if (type == CURLINFO_HEADER_OUT) static_cast<SmtpTransfer*>(self)->OnCommand({data, size});
  return 0;
}

int SmtpTransfer::Progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  SmtpTransfer& transfer = *static_cast<SmtpTransfer*>(self);
  const auto now = std::chrono::steady_clock::now();
  if (transfer.quit_time_) return now < *transfer.quit_time_ + kFarewellTime ? 0 : 1;
  if (!transfer.stop_) return 0;
  if (!transfer.stop_seen_) transfer.stop_seen_ = now;
  if (transfer.step_ == Step::kData && now < *transfer.stop_seen_ + kStopGrace) return 0;
  transfer.stopped_ = true;
  return 1;
}

}  // namespace gatehouse::service::mail
