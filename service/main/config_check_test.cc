#include "service/main/config_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/status.h"

namespace gatehouse::service {
namespace {

using config::DatabaseSettings;
using testing::HasSubstr;

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
