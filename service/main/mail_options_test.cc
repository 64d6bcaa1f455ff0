#include "service/main/mail_options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "service/config/config.h"
#include "tests/support/postgres/scratch_folder.h"

namespace gatehouse::service {
namespace {

class MailOptionsTest : public testing::Test {
 protected:
  MailOptionsTest() {
    settings_.server = "mail.example.com:587";
    settings_.from = "gatehouse@example.com";
  }
  // What is wrong with the settings; "" if nothing is.
  std::string Fault() {
    const auto delivery = MailDeliveryOf(settings_);
    if (delivery.ok()) return "";
    EXPECT_TRUE(base::HasReason(delivery.status(), base::Reason::kInvalidField));
    return std::string(delivery.status().message());
  }

  config::MailSettings settings_;
  const tests::ScratchFolder folder_;
};

TEST_F(MailOptionsTest, AServerAndAnAddressAreEnough) {
  EXPECT_EQ(Fault(), "");
  settings_.server = "";
  settings_.from = "";
  const auto without = MailDeliveryOf(settings_);
  ASSERT_TRUE(without.ok());
  EXPECT_FALSE(without->has_value());
}

TEST_F(MailOptionsTest, NamesTheSettingThatIsWrong) {
  settings_.from = "nobody";
  EXPECT_NE(Fault().find("mail.from"), std::string::npos) << Fault();
  settings_.from = "a b@example.com";
  EXPECT_NE(Fault().find("mail.from"), std::string::npos) << Fault();
  settings_.from = "gatehouse@example.com";
  settings_.username = "gatehouse";
  EXPECT_NE(Fault().find("mail.username"), std::string::npos) << Fault();
  settings_.password_file = folder_.path() + "/none";
  EXPECT_NE(Fault().find("mail.password_file"), std::string::npos) << Fault();
  std::ofstream(settings_.password_file) << "secret\n";
  EXPECT_EQ(Fault(), "");
  settings_.ca_file = settings_.password_file;
  EXPECT_NE(Fault().find("mail.ca_file"), std::string::npos) << Fault();
  settings_.ca_file = "";
  settings_.default_locale = "xx";
  EXPECT_NE(Fault().find("mail.default_locale"), std::string::npos) << Fault();
  settings_.default_locale = "de";
  settings_.template_dir = folder_.path() + "/none";
  EXPECT_NE(Fault().find("mail.template_dir"), std::string::npos) << Fault();
  settings_.template_dir = "";
  settings_.from_name = "a\r\nBcc: b@example.com";
  EXPECT_NE(Fault().find("mail.from_name"), std::string::npos) << Fault();
  settings_.from_name = "";
  settings_.helo_name = "a b";
  EXPECT_NE(Fault().find("mail.helo_name"), std::string::npos) << Fault();
}

TEST_F(MailOptionsTest, NamesAllThatIsWrongAtOnce) {
  settings_.from = "nobody";
  settings_.username = "gatehouse";
  settings_.helo_name = "a b";
  settings_.magic_link_url = "https://example.com";
  settings_.default_locale = "xx";
  std::vector<std::string> names;
  for (const absl::Status& fault : FindMailFaults(settings_)) {
    names.push_back(base::GetErrorDetails(fault)->violations.front().field);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"mail.from", "mail.username", "mail.helo_name",
                                             "mail.magic_link_url", "mail.default_locale"}));
  settings_.server = "";
  EXPECT_TRUE(FindMailFaults(settings_).empty());
}

TEST_F(MailOptionsTest, NoTlsIsForThisMachine) {
  settings_.tls = "none";
  EXPECT_NE(Fault().find("mail.tls"), std::string::npos) << Fault();
  for (const std::string here : {"127.0.0.1:25", "127.1.2.3:25", "[::1]:25", "localhost:25"}) {
    settings_.server = here;
    EXPECT_EQ(Fault(), "") << here;
  }
  for (const std::string there : {"128.0.0.1:25", "[::2]:25", "localhost.example.com:25"}) {
    settings_.server = there;
    EXPECT_NE(Fault(), "") << there;
  }
  settings_.allow_plaintext = true;
  EXPECT_EQ(Fault(), "");
}

TEST_F(MailOptionsTest, APageHasOnePlaceForTheToken) {
  for (const std::string wrong :
       {"https://example.com", "example.com?{token}", "javascript:{token}",
        "https://example.com/{token}/{token}", "https://example.com/ {token}",
        "https://example.com/\"{token}"}) {
    settings_.magic_link_url = wrong;
    EXPECT_NE(Fault().find("mail.magic_link_url"), std::string::npos) << wrong;
  }
  for (const std::string good : {"https://example.com/login#{token}", "HTTPS://example.com/{token}",
                                 "Http://host/{token}"}) {
    settings_.magic_link_url = good;
    EXPECT_EQ(Fault(), "") << good;
  }
}

}  // namespace
}  // namespace gatehouse::service
