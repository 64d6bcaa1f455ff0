#include "service/main/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"

namespace gatehouse::service {
namespace {

using config::DatabaseSettings;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string MessageFor(const DatabaseSettings& settings) {
  return std::string(CheckDatabaseSettings(settings).message());
}

TEST(ConfigCheckTest, ADatabaseIsNamed) {
  EXPECT_THAT(MessageFor({}), HasSubstr("database.dsn"));
  EXPECT_THAT(MessageFor({.dsn = "host=db password"}), HasSubstr("dsn"));
  EXPECT_EQ(MessageFor({.dsn = "host=db"}), "");
}

TEST(ConfigCheckTest, BehindAPoolerTheDatabaseItselfIsNamedAsWell) {
  EXPECT_THAT(MessageFor({.dsn = "host=pooler", .prepared_statements = false}),
              HasSubstr("database.direct_dsn"));
  EXPECT_EQ(
      MessageFor({.dsn = "host=pooler", .prepared_statements = false, .direct_dsn = "host=db"}),
      "");
  EXPECT_NE(MessageFor({.dsn = "host=pooler", .direct_dsn = "host=db password"}), "");
}

TEST(ConfigCheckTest, AStandbyIsNamedWell) {
  EXPECT_EQ(MessageFor({.dsn = "host=db", .read_dsn = "host=standby"}), "");
  EXPECT_NE(MessageFor({.dsn = "host=db", .read_dsn = "host=standby password"}), "");
}

TEST(ConfigCheckTest, AllThatIsWrongIsNamedAtOnce) {
  config::Config config;
  config.auth.accepted_master_key_file = "/nonexistent";
  config.auth.accepted_token_pepper_file = "/nonexistent";
  config.database = {.dsn = "host=db password",
                     .password_file = "/nonexistent",
                     .prepared_statements = false,
                     .read_dsn = "colour=blue"};
  config.webhook.proxy_url = "socks5://proxy:1080";
  config.webhook.proxy_credentials_file = "/nonexistent";
  config.mail.server = "mail.example.com:587";
  config.mail.username = "gatehouse";
  std::vector<std::string> found;
  for (const absl::Status& fault : FindFaults(config)) {
    found.emplace_back(fault.message());
  }
  EXPECT_THAT(found,
              ElementsAre(StartsWith("auth.master_key_file"), StartsWith("auth.token_pepper_file"),
                          StartsWith("auth.accepted_master_key_file"),
                          StartsWith("auth.accepted_token_pepper_file"), StartsWith("database.dsn"),
                          StartsWith("database.direct_dsn"), StartsWith("database.read_dsn"),
                          StartsWith("password_file"), StartsWith("webhook.proxy_url"),
                          StartsWith("webhook.proxy_credentials_file"), StartsWith("mail.from"),
                          StartsWith("mail.username")));
}

TEST(ReadProxyCredentialsTest, TakesTheFirstLineWithoutItsEnd) {
  const std::string path = testing::TempDir() + "proxy_credentials";
  for (const char* text : {"ada:x y", "ada:x y\n", "ada:x y\r\n", "ada:x y\r\nnext\r\n"}) {
    std::ofstream(path) << text;
    EXPECT_EQ(ReadProxyCredentials({.proxy_credentials_file = path}).value_or(""), "ada:x y")
        << text;
  }
  std::ofstream(path) << "ada\r\n";
  EXPECT_THAT(
      std::string(ReadProxyCredentials({.proxy_credentials_file = path}).status().message()),
      HasSubstr("user:password"));
}

}  // namespace
}  // namespace gatehouse::service
