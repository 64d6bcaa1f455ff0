#ifndef GATEHOUSE_SERVICE_MAIL_SMTP_SMTP_SENDER_H_
#define GATEHOUSE_SERVICE_MAIL_SMTP_SMTP_SENDER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/async/task.h"
#include "base/async/worker_pool.h"
#include "base/call_context.h"

namespace gatehouse::service::mail {

// How the connection to the mail server is protected.
enum class SmtpTls {
  // Not at all.
  kNone,
  // By STARTTLS, without which nothing is sent.
  kStartTls,
  // From its first byte on.
  kImplicit,
};

// The mail server of the operator, to which every mail goes.
struct SmtpServer {
  // HOST:PORT.
  std::string address;
  SmtpTls tls = SmtpTls::kStartTls;
  // A PEM file of authorities to trust instead of the system's.
  std::string ca_file = {};
  // Empty: without a login.
  std::string username = {};
  // Read again for every mail.
  std::string password_file = {};
  // What we call ourselves; empty: what the machine does.
  std::string helo_name = {};
  // From the look-up of the name to the last reply.
  std::chrono::milliseconds timeout{30'000};
};

// A message and its envelope.
struct SmtpMail {
  std::string from;
  std::string to;
  // An internationalised address: for servers that offer SMTPUTF8 alone.
  bool needs_utf8 = false;
  std::string message;
};

struct SmtpResult {
  enum class Kind {
    // The server has it.
    kSent,
    // It may have it later.
    kLater,
    // It will never have this one.
    kRefused,
  };
  Kind kind = Kind::kLater;
  // Unless it was sent: "dns", "refused", "timeout", "tls", "auth", "greeting", "sender",
  // "recipient", "message", "utf8", "password", "transport", "stopped".
  std::string error_class = {};
  // The server's last reply; 0: there was none. Its text is not kept: it may repeat what was sent.
  int32_t code = 0;
  // Whatever is wrong is wrong with every mail.
  bool server_trouble = false;
};

// Hands mails to the server, each over a connection of its own. libcurl speaks; it blocks, so it
// does on a thread of a pool.
//
// What it never does: go on without TLS where TLS is asked for, skip the verification of a
// certificate, log in over a connection that is not protected unless there is to be none, put a
// mail's contents or the password in a log line or a result.
//
// Thread: any loop's. Outlives its calls, whose end it waits for. A cancelled call ends the
// connection within a second, but for one whose message is under way: that has five more, since
// nobody could tell whether it arrived.
class SmtpSender {
 public:
  // As many at a time as `connections`.
  SmtpSender(SmtpServer server, size_t connections);

  base::Task<SmtpResult> Send(base::CallContext ctx, SmtpMail mail);

 private:
  const SmtpServer server_;
  base::WorkerPool threads_;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_SMTP_SMTP_SENDER_H_
