#ifndef GATEHOUSE_SERVICE_MAIL_SMTP_SMTP_TRANSFER_H_
#define GATEHOUSE_SERVICE_MAIL_SMTP_SMTP_TRANSFER_H_

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "service/mail/smtp/smtp_sender.h"

namespace gatehouse::service::mail {

// One mail on its way. Part of SmtpSender.
//
// Thread: one, which Run blocks.
class SmtpTransfer {
 public:
  // All of it outlives this. `stop` may become true at any time.
  SmtpTransfer(const SmtpServer& server, const SmtpMail& mail, const std::atomic<bool>& stop)
      : server_(server), mail_(mail), stop_(stop) {}
  SmtpTransfer(const SmtpTransfer&) = delete;
  SmtpTransfer& operator=(const SmtpTransfer&) = delete;

  // Once.
  SmtpResult Run();

 private:
  // The command that was sent last, but for a farewell; what the server says is about that.
  enum class Step { kConnect, kHello, kStartTls, kLogin, kFrom, kTo, kData };

  void SetUp(CURL* easy, const std::string& password);
  SmtpResult Judge(CURLcode code) const;
  SmtpResult Failed(std::string_view error_class, bool server_trouble) const;
  // What a reply other than the one wanted means.
  SmtpResult JudgeReply() const;
  void OnCommand(std::string_view line);
  // False to end the connection.
  bool OnReply(std::string_view line);
  // Whether the server was told and has said what it can, over the connection as it is to be.
  bool said_all() const;

  static size_t Read(char* buffer, size_t size, size_t count, void* self);
  static size_t Header(char* data, size_t size, size_t count, void* self);
  static int Debug(CURL* easy, curl_infotype type, char* data, size_t size, void* self);
  static int Progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  const SmtpServer& server_;
  const SmtpMail& mail_;
  const std::atomic<bool>& stop_;
  size_t read_ = 0;
  Step step_ = Step::kConnect;
  // When it said farewell.
  std::optional<std::chrono::steady_clock::time_point> quit_time_;
  int hellos_ = 0;
  bool offers_utf8_ = false;
  bool lacks_utf8_ = false;
  bool stopped_ = false;
  int32_t code_ = 0;
  std::optional<std::chrono::steady_clock::time_point> stop_seen_;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_SMTP_SMTP_TRANSFER_H_
