// Against aiosmtpd, which is none of ours.

#include "service/mail/smtp/smtp_sender.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <future>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/async/cancel.h"
#include "base/log_line.h"
#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/http/silent_listener.h"
#include "tests/support/http/test_authority.h"
#include "tests/support/postgres/scratch_folder.h"
#include "tests/support/smtp/smtp_server.h"

namespace gatehouse::service::mail {
namespace {

using Kind = SmtpResult::Kind;
// SmtpServer is what the sender is told of it.
using Server = tests::SmtpServer;

class SmtpSenderTest : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::string path = folder_.path() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  // The arguments of a server with a certificate.
  std::vector<std::string> WithTls(const std::string& mode, const tests::Certificate& own) {
    return {"--tls",         mode,
            "--certificate", Write("certificate", own.certificate),
            "--key",         Write("key", own.key)};
  }
  std::vector<std::string> WithTls(const std::string& mode) {
    return WithTls(mode, authority_.Issue("IP:127.0.0.1"));
  }

  static SmtpMail MailTo(const std::string& to) {
    return {.from = "gatehouse@example.com",
            .to = to,
            .message = "From: <gatehouse@example.com>\r\nSubject: Hi\r\n\r\n.dot\r\ntext\r\n"};
  }
  SmtpResult Send(SmtpServer server, SmtpMail mail) {
    SmtpSender sender(std::move(server), 1);
    return runner_.Run<SmtpResult>([&] { return sender.Send(runner_.Context(), mail); });
  }
  SmtpResult Send(SmtpServer server) { return Send(std::move(server), MailTo("ada@example.com")); }
  SmtpServer Trusting(const std::string& address, SmtpTls tls) {
    return {.address = address, .tls = tls, .ca_file = Write("ca", authority_.pem())};
  }

  tests::LoopRunner runner_;
  const tests::ScratchFolder folder_;
  const tests::TestAuthority authority_;
};

TEST_F(SmtpSenderTest, HandsAMailOver) {
  Server server;
  const SmtpResult result = Send({.address = server.address(), .tls = SmtpTls::kNone});
  EXPECT_EQ(result.kind, Kind::kSent) << result.error_class;
  EXPECT_EQ(result.code, 250);
  const nlohmann::json mail = server.NextMail();
  EXPECT_EQ(mail["from"], "gatehouse@example.com");
  EXPECT_EQ(mail["to"], std::vector<std::string>{"ada@example.com"});
  EXPECT_EQ(mail["raw"], "From: <gatehouse@example.com>\r\nSubject: Hi\r\n\r\n.dot\r\ntext\r\n");
  EXPECT_EQ(mail["tls"], false);
}

TEST_F(SmtpSenderTest, ProtectsTheConnectionAsToldTo) {
  Server upgrading(WithTls("starttls"));
  const SmtpResult upgraded = Send(Trusting(upgrading.address(), SmtpTls::kStartTls));
  EXPECT_EQ(upgraded.kind, Kind::kSent) << upgraded.error_class;
  EXPECT_EQ(upgrading.NextMail()["tls"], true);

  Server implicit(WithTls("implicit"));
  const SmtpResult sent = Send(Trusting(implicit.address(), SmtpTls::kImplicit));
  EXPECT_EQ(sent.kind, Kind::kSent) << sent.error_class;
  EXPECT_EQ(implicit.NextMail()["tls"], true);
}

// Who stands between strips the offer.
TEST_F(SmtpSenderTest, SendsNothingWithoutTheTlsThatWasAskedFor) {
  Server server;
  const SmtpResult result = Send(Trusting(server.address(), SmtpTls::kStartTls));
  EXPECT_EQ(result.kind, Kind::kLater);
  EXPECT_EQ(result.error_class, "tls");
  EXPECT_TRUE(result.server_trouble);
  EXPECT_EQ(Send(Trusting(server.address(), SmtpTls::kImplicit)).error_class, "tls");
  EXPECT_EQ(server.untold(), 0u);
}

TEST_F(SmtpSenderTest, TrustsNoOtherCertificate) {
  for (const tests::Certificate& wrong :
       {tests::TestAuthority::SelfSigned("IP:127.0.0.1"), authority_.Issue("DNS:mail.example.com"),
        authority_.Issue("IP:127.0.0.1", std::chrono::hours(-2)),
        tests::TestAuthority().Issue("IP:127.0.0.1")}) {
    Server server(WithTls("starttls", wrong));
    const SmtpResult result = Send(Trusting(server.address(), SmtpTls::kStartTls));
    EXPECT_EQ(result.kind, Kind::kLater);
    EXPECT_EQ(result.error_class, "tls");
    EXPECT_EQ(server.untold(), 0u);
  }
}

TEST_F(SmtpSenderTest, LogsInWithThePasswordOfTheFile) {
  std::vector<std::string> arguments = WithTls("starttls");
  arguments.insert(arguments.end(), {"--login", "gatehouse:correct horse"});
  Server server(arguments);
  SmtpServer options = Trusting(server.address(), SmtpTls::kStartTls);
  options.username = "gatehouse";
  options.password_file = Write("password", "correct horse\n");
  EXPECT_EQ(Send(options).kind, Kind::kSent);
  EXPECT_EQ(server.NextMail()["login"], true);

  std::string log;
  {
    const base::ScopedLogCapture capture([&](const std::string& line) { log += line; });
    Write("password", "battery staple");
    const SmtpResult refused = Send(options);
    EXPECT_EQ(refused.kind, Kind::kLater);
    EXPECT_EQ(refused.error_class, "auth");
    EXPECT_TRUE(refused.server_trouble);
  }
  EXPECT_EQ(log, "");
  options.password_file = folder_.path() + "/none";
  EXPECT_EQ(Send(options).error_class, "password");
  EXPECT_EQ(server.untold(), 0u);
}

TEST_F(SmtpSenderTest, TellsForNowFromForEver) {
  Server server;
  const SmtpServer options{.address = server.address(), .tls = SmtpTls::kNone};
  struct Case {
    std::string step;
    std::string reply;
    Kind kind;
    std::string error_class;
    bool server_trouble;
  };
  for (const Case& expected : {Case{"rcpt", "450 4.2.1 Later", Kind::kLater, "recipient", false},
                               Case{"rcpt", "550 5.1.1 Who?", Kind::kRefused, "recipient", false},
                               Case{"data", "451 4.3.0 Busy", Kind::kLater, "message", false},
                               Case{"data", "554 5.7.1 Spam", Kind::kRefused, "message", false},
                               // Of the sender, and so of every mail: somebody can mend it.
                               Case{"mail", "553 5.7.1 Not you", Kind::kLater, "sender", true},
                               Case{"mail", "530 5.7.0 Log in", Kind::kLater, "auth", true}}) {
    server.Tell("reply " + expected.step + " " + expected.reply);
    const SmtpResult result = Send(options);
    EXPECT_EQ(result.kind, expected.kind) << expected.reply;
    EXPECT_EQ(result.error_class, expected.error_class) << expected.reply;
    EXPECT_EQ(result.server_trouble, expected.server_trouble) << expected.reply;
    EXPECT_EQ(result.code, std::stoi(expected.reply)) << expected.reply;
    server.Tell("reply " + expected.step);
  }
  EXPECT_EQ(Send(options).kind, Kind::kSent);
}

TEST_F(SmtpSenderTest, AnInternationalisedAddressTakesAServerThatKnowsThem) {
  SmtpMail mail = MailTo("jürgen@example.com");
  mail.needs_utf8 = true;
  Server knows;
  EXPECT_EQ(Send({.address = knows.address(), .tls = SmtpTls::kNone}, mail).kind, Kind::kSent);
  const nlohmann::json taken = knows.NextMail();
  EXPECT_EQ(taken["smtputf8"], true);
  EXPECT_EQ(taken["to"], std::vector<std::string>{"jürgen@example.com"});

  Server knows_not({"--without-utf8"});
  const SmtpResult result = Send({.address = knows_not.address(), .tls = SmtpTls::kNone}, mail);
  EXPECT_EQ(result.kind, Kind::kRefused);
  EXPECT_EQ(result.error_class, "utf8");
  EXPECT_FALSE(result.server_trouble);
  // Over TLS only what is said after STARTTLS counts.
  Server upgrading(WithTls("starttls"));
  EXPECT_EQ(Send(Trusting(upgrading.address(), SmtpTls::kStartTls), mail).kind, Kind::kSent);
}

TEST_F(SmtpSenderTest, AServerThatIsNotThereIsTrouble) {
  std::string address;
  {
    const Server gone;
    address = gone.address();
  }
  const SmtpResult refused = Send({.address = address, .tls = SmtpTls::kNone});
  EXPECT_EQ(refused.kind, Kind::kLater);
  EXPECT_EQ(refused.error_class, "refused");
  EXPECT_TRUE(refused.server_trouble);
  EXPECT_EQ(Send({.address = "nowhere.invalid:25", .tls = SmtpTls::kNone}).error_class, "dns");

  tests::SilentListener silent;
  const SmtpResult late = Send({.address = "127.0.0.2:" + std::to_string(silent.port()),
                                .tls = SmtpTls::kNone,
                                .timeout = std::chrono::milliseconds(200)});
  EXPECT_EQ(late.error_class, "timeout");
  EXPECT_TRUE(late.server_trouble);
}

TEST_F(SmtpSenderTest, ASlowAnswerIsNoneAndTheServersOtherMailsAreNotTheWorse) {
  Server server;
  server.Tell("hold");
  const SmtpResult result = Send({.address = server.address(),
                                  .tls = SmtpTls::kNone,
                                  .timeout = std::chrono::milliseconds(500)});
  EXPECT_EQ(result.kind, Kind::kLater);
  EXPECT_EQ(result.error_class, "timeout");
  EXPECT_FALSE(result.server_trouble);
}

TEST_F(SmtpSenderTest, AStopEndsWhatHasNotBegunAndWaitsForWhatIsUnderWay) {
  Server server;
  SmtpSender sender({.address = server.address(), .tls = SmtpTls::kNone}, 1);
  const base::CancelToken cancel;
  server.Tell("hold");
  std::future<SmtpResult> sending = runner_.Start<SmtpResult>(
      [&] { return sender.Send(runner_.Context({.cancel = cancel}), MailTo("ada@example.com")); });
  server.WaitUntilHeld();
  runner_.RunPlain([&] { cancel.Cancel(); });
  server.Tell("release");
  EXPECT_EQ(sending.get().kind, Kind::kSent);

  tests::SilentListener silent;
  SmtpSender waiting(
      {.address = "127.0.0.2:" + std::to_string(silent.port()), .tls = SmtpTls::kNone}, 1);
  const SmtpResult stopped = runner_.Run<SmtpResult>(
      [&] { return waiting.Send(runner_.Context({.cancel = cancel}), MailTo("ada@example.com")); });
  EXPECT_EQ(stopped.error_class, "stopped");
}

}  // namespace
}  // namespace gatehouse::service::mail
