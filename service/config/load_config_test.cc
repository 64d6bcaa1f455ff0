#include "service/config/load_config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "service/config/settings.h"

namespace gatehouse::service::config {
namespace {

std::string WriteFile(const std::string& text) {
  static int count = 0;
  const std::string path =
      std::string(std::getenv("TEST_TMPDIR")) + "/config" + std::to_string(count++) + ".toml";
  std::ofstream(path) << text;
  return path;
}

TEST(LoadConfigTest, TakesFlagsOverEnvironmentOverFileOverDefaults) {
  const std::string file = WriteFile(
      "data_dir = \"from-file\"\n[grpc]\naddress = \"file:1\"\nloops = 3\n"
      "max_in_flight = 7\n");
  const auto config = LoadConfig({.flags = {{"grpc.address", "flag:1"}},
                                  .environment = {{"GATEHOUSE_GRPC_ADDRESS", "environment:1"},
                                                  {"GATEHOUSE_GRPC_LOOPS", "4"},
                                                  {"HOME", "/"}},
                                  .file = file});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->grpc.address, "flag:1");
  EXPECT_EQ(config->grpc.loops, 4);
  EXPECT_EQ(config->grpc.max_in_flight, 7);
  EXPECT_EQ(config->data_dir, "from-file");
  EXPECT_EQ(config->http.address, "127.0.0.1:8081");
}

TEST(LoadConfigTest, RefusesUnknownKeysWhereverTheyStand) {
  EXPECT_NE(LoadConfig({.file = WriteFile("[grpc]\nadress = \"x\"\n")})
                .status()
                .message()
                .find("grpc.adress"),
            std::string::npos);
  EXPECT_FALSE(LoadConfig({.environment = {{"GATEHOUSE_GRPC_ADRESS", "x"}}}).ok());
  EXPECT_FALSE(LoadConfig({.flags = {{"grpc.adress", "x"}}}).ok());
}

TEST(LoadConfigTest, RefusesValuesOutOfTheirLimits) {
  EXPECT_FALSE(LoadConfig({.environment = {{"GATEHOUSE_GRPC_LOOPS", "65"}}}).ok());
  EXPECT_FALSE(LoadConfig({.environment = {{"GATEHOUSE_GRPC_LOOPS", "4x"}}}).ok());
  EXPECT_FALSE(LoadConfig({.environment = {{"GATEHOUSE_WEBHOOK_ALLOW_HTTP", "yes"}}}).ok());
  EXPECT_FALSE(LoadConfig({.environment = {{"GATEHOUSE_LOG_LEVEL", "loud"}}}).ok());
}

TEST(LoadConfigTest, RefusesWhatIsNoAddress) {
  for (const char* address : {"", "localhost", ":50051", "localhost:", "localhost:x", "::1:50051",
                              "localhost:65536", "localhost:-1", "localhost:1 "}) {
    EXPECT_FALSE(LoadConfig({.flags = {{"grpc.address", address}}}).ok()) << address;
    EXPECT_FALSE(LoadConfig({.environment = {{"GATEHOUSE_HTTP_ADDRESS", address}}}).ok())
        << address;
  }
  for (const char* address : {"localhost:0", "0.0.0.0:65535", "[::1]:50051"}) {
    EXPECT_TRUE(LoadConfig({.flags = {{"grpc.address", address}}}).ok()) << address;
  }
}

TEST(LoadConfigTest, RefusesAMissingOrMalformedFile) {
  EXPECT_FALSE(LoadConfig({.file = testing::TempDir()}).ok());
  EXPECT_FALSE(LoadConfig({.file = "/nonexistent/gatehouse.toml"}).ok());
  EXPECT_FALSE(LoadConfig({.file = WriteFile("[grpc]\naddress\n")}).ok());
}

TEST(LoadConfigTest, TellsWhichLineIsWrongAndNeverShowsIt) {
  for (const char* line : {"hunter2", "password hunter2", "hunter2=", "aHVudGVyMg hunter2==",
                           "hunter2==", "hunter2 = # nothing", "[hunter2", "[hunter2 x]",
                           "postgres://ada:hunter2@db/gatehouse?sslmode=require", "\"hunter2\" = 1",
                           "; hunter2 = 1"}) {
    const std::string file = WriteFile(std::string("[grpc]\n# fine\n") + line + "\nloops = 1\n");
    const absl::Status status = LoadConfig({.file = file}).status();
    EXPECT_NE(status.message().find(file + ": line 3 "), std::string::npos) << status;
    EXPECT_EQ(status.message().find("hunter2"), std::string::npos) << status;
  }
}

TEST(LoadConfigTest, ShowsNoValueThatItRefuses) {
  for (const char* text :
       {"grpc.loops = \"hunter2\"", "grpc.loops = hunter2", "grpc.loops = [1, hunter2]",
        "grpc.loops = 1 hunter2", "grpc.loops = [hunter2", "webhook.allow_http = hunter2",
        "log.level = \"hunter2\"", "http.address = \"hunter2\"", "adress = \"hunter2\""}) {
    const absl::Status status = LoadConfig({.file = WriteFile(text)}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(status.message().find("hunter2"), std::string::npos) << status;
  }
  for (const char* name : {"GATEHOUSE_GRPC_LOOPS", "GATEHOUSE_LOG_LEVEL", "GATEHOUSE_ADRESS"}) {
    const absl::Status status = LoadConfig({.environment = {{name, "hunter2"}}}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(status.message().find("hunter2"), std::string::npos) << status;
  }
}

TEST(LoadConfigTest, ReadsCommentsBlanksAndLinesFromOtherSystems) {
  const auto config =
      LoadConfig({.file = WriteFile("# one\r\n\r\n  [grpc]  # two\r\n\tloops=3 # three\r\n")});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->grpc.loops, 3);
}

TEST(LoadConfigTest, RefusesASecretAsAFlag) {
  const absl::Status status = LoadConfig({.flags = {{"database.dsn", "host=x"}}}).status();
  EXPECT_NE(status.message().find("GATEHOUSE_DATABASE_DSN"), std::string::npos);
}

TEST(PrintConfigTest, MasksSecretsAndReadsBackAsTheSame) {
  Config config;
  config.database.dsn = "host=db password=hunter2";
  EXPECT_EQ(PrintConfig(config).find("hunter2"), std::string::npos);

  Config plain;
  plain.grpc.address = "[::1]:1";
  plain.log.level = "debug";
  const auto read = LoadConfig({.file = WriteFile(PrintConfig(plain))});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(PrintConfig(*read), PrintConfig(plain));
}

TEST(SettingsTest, HaveDistinctNamesAndAcceptTheirOwnDefaults) {
  std::set<std::string> names;
  for (const Setting& setting : AllSettings()) {
    EXPECT_TRUE(names.insert(setting.flag()).second) << setting.key;
    EXPECT_TRUE(names.insert(setting.environment_variable()).second) << setting.key;
    Config config;
    EXPECT_TRUE(setting.set(config, setting.get(config)).ok()) << setting.key;
  }
}

}  // namespace
}  // namespace gatehouse::service::config
