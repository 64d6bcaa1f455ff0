#ifndef GATEHOUSE_TESTS_INTEGRATION_MAIL_MAIL_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_MAIL_MAIL_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "service/config/config.h"
#include "service/mail/alert/alert_mailer.h"
#include "service/mail/outbox/mail_worker.h"
#include "service/mail/request/request_answerer.h"
#include "service/main/mail_options.h"
#include "tests/integration/users/password_fixture.h"
#include "tests/support/smtp/smtp_server.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {

// A server that sends mails, to a real mail server, when the test says so.
class MailFixture : public PasswordFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    service::config::MailSettings& mail = options.config.mail;
    mail.server = smtp_.address();
    mail.tls = "none";
    mail.from = "gatehouse@example.com";
    mail.product_name = "Acme";
    mail.password_reset_url = "https://acme.example/reset?token={token}";
    mail.email_verification_url = "https://acme.example/verify?token={token}";
    mail.invitation_url = "https://acme.example/welcome?token={token}";
    mail.magic_link_url = "https://acme.example/login?token={token}";
    settings_ = mail;
  }

  void SetUp() override {
    PasswordFixture::SetUp();
    worker_ = MakeWorker();
  }
  void TearDown() override {
    worker_.reset();
    PasswordFixture::TearDown();
  }

  // Another one, as of another instance.
  std::unique_ptr<service::mail::MailWorker> MakeWorker() {
    service::StorageArea& storage = *backend().storage;
    const service::mail::MailComposer& composer = backend().services.mail_composer;
    if (!answerer_) {
      answerer_.emplace(
          service::mail::RequestAnswerer::Deps{.mails = storage.mails,
                                               .users = storage.users,
                                               .tokens = storage.one_time_tokens,
                                               .codec = backend().auth.one_time_tokens,
                                               .composer = composer,
                                               .clock = clock()});
      alert_mailer_.emplace(
          service::mail::AlertMailer::Deps{.alerts = storage.alerts,
                                           .destinations = storage.alert_destinations,
                                           .composer = composer,
                                           .clock = clock()});
    }
    auto delivery = service::MailDeliveryOf(settings_);
    EXPECT_THAT(delivery, IsOk());
    return std::make_unique<service::mail::MailWorker>(
        backend().runner.loop(),
        service::mail::MailWorker::Deps{.mails = storage.mails,
                                        .answerer = *answerer_,
                                        .alerts = *alert_mailer_,
                                        .clock = clock()},
        *std::move(delivery));
  }

  // One turn, which sends what is due.
  void Turn(service::mail::MailWorker& worker) {
    EXPECT_THAT(backend().runner.Run<absl::Status>(
                    [&] { return worker.RunOnce(backend().SystemContext()); }),
                IsOk());
  }
  void Turn() { Turn(*worker_); }

  // The token of a mail's link.
  static std::string TokenOf(const nlohmann::json& mail) {
    std::smatch found;
    const std::string text = mail["text"];
    if (!std::regex_search(text, found, std::regex("token=(gh_ot_[A-Za-z0-9_-]+)"))) return "";
    return found[1].str();
  }

  // Whether any column of any table of the database has `text` in it, as it is or in base64.
  bool IsInDatabase(const std::string& text) {
    const std::string tables = Ask(
        "SELECT string_agg(format('SELECT 1 FROM %s t WHERE position(''" + text +
        "'' IN t::text) > 0 OR position(encode(''" + text +
        "''::bytea, ''hex'') IN t::text) > 0', oid::regclass), ' UNION ALL ') FROM pg_class WHERE "
        "relnamespace = 'gatehouse'::regnamespace AND relkind = 'r'");
    return Ask("SELECT count(*) FROM (" + tables + ") AS found") != "0";
  }

  // "kind state attempts error" of every mail, in the order in which they were made.
  std::string Mails() {
    return Ask(
        "SELECT coalesce(string_agg(concat_ws(' ', kind, state, attempt_count, nullif(error_class, "
        "''), nullif(smtp_code, 0)), '; ' ORDER BY create_time, mail_id), '') FROM "
        "gatehouse.mail");
  }

  SmtpServer smtp_;
  service::config::MailSettings settings_;
  std::unique_ptr<service::mail::MailWorker> worker_;

 private:
  std::optional<service::mail::RequestAnswerer> answerer_;
  std::optional<service::mail::AlertMailer> alert_mailer_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_MAIL_MAIL_FIXTURE_H_
