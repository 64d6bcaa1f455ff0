#include "service/config/load_config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "service/config/settings.h"
#include "service/config/shown_setting.h"

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
  EXPECT_EQ(config->origins, (std::map<std::string, Origin>{{"grpc.address", Origin::kCommandLine},
                                                            {"grpc.loops", Origin::kEnvironment},
                                                            {"grpc.max_in_flight", Origin::kFile},
                                                            {"data_dir", Origin::kFile}}));
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

TEST(LoadConfigTest, NamesEveryFaultByTheNameItWasWrittenWith) {
  const absl::Status status = LoadConfig({.flags = {{"grpc.address", "nowhere"}},
                                          .environment = {{"GATEHOUSE_AUTH_ISSUER", ""},
                                                          {"GATEHOUSE_GRPC_ADRESS", "x"},
                                                          {"GATEHOUSE_GRPC_LOOPS", "many"}}})
                                  .status();
  const std::string message(status.message());
  for (const char* part :
       {"GATEHOUSE_AUTH_ISSUER: must not be empty", "GATEHOUSE_GRPC_ADRESS: is not a setting",
        "GATEHOUSE_GRPC_LOOPS: must be", "--grpc-address: must be"}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
}

TEST(LoadConfigTest, NamesEveryFaultOfAFileAsWell) {
  const std::string file = WriteFile(R"(http = 1
[grpc]
adress = "x"
lops = 3
loops = "4"
"max in flight" = 1
[auth]
issuer = ""
[grpcc]
loops = 1
)");
  const absl::Status status = LoadConfig({.flags = {{"log.level", "loud"}}, .file = file}).status();
  const std::string message(status.message());
  for (const std::string& part :
       {"http: must be a [section] (in " + file + ": line 1)",
        "grpc.adress: is not a setting or section (in " + file + ": line 3)",
        "grpc.lops: is not a setting or section (in " + file + ": line 4)",
        "grpc.loops: must be a whole number, without quotes (in " + file + ": line 5)",
        "config: " + file + ": line 6 names no setting",
        "auth.issuer: must not be empty (in " + file + ": line 8)",
        "grpcc: is not a setting or section (in " + file + ": line 9)",
        std::string("--log-level: must be")}) {
    EXPECT_NE(message.find(part), std::string::npos) << part << " in " << message;
  }
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 7) << message;
}

TEST(LoadConfigTest, PassesOverWhatKubernetesSets) {
  const auto config =
      LoadConfig({.environment = {{"GATEHOUSE_SERVICE_HOST", "10.0.0.1"},
                                  {"GATEHOUSE_SERVICE_PORT", "50051"},
                                  {"GATEHOUSE_SERVICE_PORT_GRPC", "50051"},
                                  {"GATEHOUSE_PORT", "tcp://10.0.0.1:50051"},
                                  {"GATEHOUSE_PORT_50051_TCP", "tcp://10.0.0.1:50051"},
                                  {"GATEHOUSE_PORT_50051_TCP_PROTO", "tcp"},
                                  {"GATEHOUSE_PORT_50051_TCP_PORT", "50051"},
                                  {"GATEHOUSE_PORT_50051_TCP_ADDR", "10.0.0.1"},
                                  // Another service, with IPv6.
                                  {"GATEHOUSE_WEB_1_SERVICE_HOST", "fd00::1"},
                                  {"GATEHOUSE_WEB_1_SERVICE_PORT", "53"},
                                  {"GATEHOUSE_WEB_1_PORT", "udp://[fd00::1]:53"},
                                  {"GATEHOUSE_WEB_1_PORT_53_UDP", "udp://[fd00::1]:53"},
                                  {"GATEHOUSE_WEB_1_PORT_53_UDP_ADDR", "fd00::1"}}});
  EXPECT_TRUE(config.ok()) << config.status();
}

TEST(LoadConfigTest, RefusesWhatOnlyLooksLikeIt) {
  for (const auto& [name, value] : std::map<std::string, std::string>{
           {"GATEHOUSE_GRPC_PORT", "6000"},
           {"GATEHOUSE_HTTP_PORT", "127.0.0.1:6000"},
           {"GATEHOUSE_DATABASE_PORT", "tcp://db:5432"},
           {"GATEHOUSE_DATABASE_SERVICE_HOST", "10.0.0.1"},
           {"GATEHOUSE_DATABASE_SERVICE_PORT", "5432"},
           {"GATEHOUSE_PORT_50051_TCP", "tcp://10.0.0.1:50052"},
           {"GATEHOUSE_PORT_50051_TCP_PORT", "50052"},
           {"GATEHOUSE_PORT_50051_TCP_PROTO", "http"},
           {"GATEHOUSE_PORT_50051_TCP_ADDR", "db"},
           {"GATEHOUSE_PORT_50051_HTTP", "tcp://10.0.0.1:50051"},
           {"GATEHOUSE_PORTS", "tcp://10.0.0.1:50051"},
           {"GATEHOUSE_PORT", "tcp://" + std::string(100'000, '1') + ":1"},
           {"GATEHOUSE_SERVICEHOST", "10.0.0.1"},
           {"GATEHOUSE_", "x"}}) {
    EXPECT_FALSE(LoadConfig({.environment = {{name, value}}}).ok()) << name;
  }
  // Names where Kubernetes writes an address and a number.
  EXPECT_FALSE(LoadConfig({.environment = {{"GATEHOUSE_SERVICE_HOST", "db"},
                                           {"GATEHOUSE_SERVICE_PORT", "50051"}}})
                   .ok());
  EXPECT_FALSE(LoadConfig({.environment = {{"GATEHOUSE_SERVICE_HOST", "10.0.0.1"},
                                           {"GATEHOUSE_SERVICE_PORT", "grpc"}}})
                   .ok());
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
  EXPECT_FALSE(LoadConfig({.file = WriteFile(std::string((1 << 20) + 1, '\n'))}).ok());
}

TEST(LoadConfigTest, TellsWhichKeyOrSectionIsNotKnownAndWhereItStands) {
  struct Case {
    const char* text;
    const char* message;
    const char* line;
  };
  for (const Case& wrong : {
           Case{"[grpcc]", "grpcc: is not a setting or section", ": line 1)"},
           Case{"[grpc]\nloops = 1\nadress = \"x\"", "grpc.adress: is not", ": line 3)"},
           Case{"\nlog.lvel = \"info\"", "log.lvel: is not", ": line 2)"},
           Case{"[grpc.address]\nhost = \"x\"", "grpc.address: must be a string", ": line 1)"},
           Case{"[grpc.tls]\nkey_file = \"x\"", "grpc.tls: is not", ": line 1)"},
           Case{"\ngrpc = 1", "grpc: must be a [section]", ": line 2)"},
           Case{"[[grpc]]\nloops = 1", "grpc: must be a [section]", ": line 1)"},
           Case{"\n[GRPC]\nloops = 1", "GRPC: is not a setting or section", ": line 2)"},
           // A dot in quotes separates nothing.
           Case{"\"grpc.loops\" = 1", "config: ", ": line 1 names no setting"},
       }) {
    const std::string file = WriteFile(wrong.text);
    const absl::Status status = LoadConfig({.file = file}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong.text;
    EXPECT_EQ(status.message().find(wrong.message), 0U) << status;
    EXPECT_NE(status.message().find(file + wrong.line), std::string::npos) << status;
  }
}

TEST(LoadConfigTest, TakesNoValueOfAnotherType) {
  struct Case {
    const char* line;
    const char* message;
  };
  for (const Case& wrong : {
           Case{"grpc.loops = \"1\"", "grpc.loops: must be a whole number, without quotes"},
           Case{"grpc.loops = 1.0", "grpc.loops: must be a whole number, without quotes"},
           Case{"grpc.loops = true", "grpc.loops: must be a whole number, without quotes"},
           Case{"grpc.loops = [1]", "grpc.loops: must be a whole number, without quotes"},
           Case{"grpc.loops = { a = 1 }", "grpc.loops: must be a whole number, without quotes"},
           Case{"grpc.loops = 65", "grpc.loops: must be a whole number from 0 to 64"},
           Case{"grpc.loops = -1", "grpc.loops: must be a whole number from 0 to 64"},
           Case{"auth.session_ttl_s = 1979-05-27", "auth.session_ttl_s: must be a whole number"},
           Case{"webhook.allow_http = \"true\"", "webhook.allow_http: must be true or false"},
           Case{"webhook.allow_http = 1", "webhook.allow_http: must be true or false"},
           Case{"auth.issuer = 1", "auth.issuer: must be a string, in quotes"},
           Case{"auth.issuer = true", "auth.issuer: must be a string, in quotes"},
           Case{"auth.issuer = [\"a\"]", "auth.issuer: must be a string, in quotes"},
           Case{"auth.issuer = { name = \"a\" }", "auth.issuer: must be a string, in quotes"},
           Case{"auth.issuer = \"a\\u0000b\"", "auth.issuer: must be UTF-8 without NUL"},
           Case{"auth.display_name = \"a:b\"", "auth.display_name: must be one line of at most 64"},
       }) {
    const std::string file = WriteFile(std::string("# fine\n") + wrong.line + "\n");
    const absl::Status status = LoadConfig({.file = file}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << wrong.line;
    EXPECT_EQ(status.message().find(wrong.message), 0U) << status;
    EXPECT_NE(status.message().find("(in " + file + ": line 2)"), std::string::npos) << status;
  }
}

TEST(LoadConfigTest, TakesNothingThatIsGivenTwice) {
  for (const char* text :
       {"[grpc]\nloops = 1\nloops = 1", "[grpc]\n# one\n[grpc]",
        "grpc.loops = 1\n\n[grpc]\nloops = 2", "[grpc]\nloops = 1\n\"loops\" = 2"}) {
    const std::string file = WriteFile(text);
    const absl::Status status = LoadConfig({.file = file}).status();
    EXPECT_NE(status.message().find(file + ": line 3 "), std::string::npos) << text << status;
  }
}

TEST(LoadConfigTest, TakesOnlyUtf8) {
  const std::string file = WriteFile("auth.audience = \"\xc3\xa9\"\nauth.issuer = \"\xe9\"\n");
  const absl::Status status = LoadConfig({.file = file}).status();
  EXPECT_NE(status.message().find(file + ": line 2 "), std::string::npos) << status;
  EXPECT_FALSE(LoadConfig({.environment = {{"GATEHOUSE_AUTH_ISSUER", "\xe9"}}}).ok());
  EXPECT_FALSE(LoadConfig({.flags = {{"auth.issuer", "\xe9"}}}).ok());
}

// Each of these is undefined in toml++ as it comes.
TEST(LoadConfigTest, RefusesWhatItsReaderDoesNotExpect) {
  for (const char* line : {"[.", "\xc3\xa9", "grpc \xc3\xa9", "a = \xe3\x81\x82"}) {
    const std::string file = WriteFile(std::string("# fine\n") + line + "\n");
    const absl::Status status = LoadConfig({.file = file}).status();
    EXPECT_NE(status.message().find(file + ": line 2 "), std::string::npos) << line << status;
  }
  const auto config = LoadConfig({.file = WriteFile("data_dir = \"\"\"a\\\n\xc3\xa9\"\"\"")});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->data_dir, "a\xc3\xa9");
}

TEST(LoadConfigTest, ReadsEveryWayToWriteAValue) {
  const auto config = LoadConfig({.file = WriteFile(R"(
data_dir = 'C:\no\escape' # literal
auth = { issuer = "a#b", "audience" = "tab\t quote\" backslash\\ \u00e9" }
[grpc]
loops = 0x10
max_in_flight = 1_000
[database]
dsn = """\
  host=db password='x#y=z' \
  dbname=gatehouse"""
prepared_statements = false
)")});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->data_dir, "C:\\no\\escape");
  EXPECT_EQ(config->auth.issuer, "a#b");
  EXPECT_EQ(config->auth.audience, "tab\t quote\" backslash\\ \xc3\xa9");
  EXPECT_EQ(config->grpc.loops, 16);
  EXPECT_EQ(config->grpc.max_in_flight, 1000);
  EXPECT_EQ(config->database.dsn, "host=db password='x#y=z' dbname=gatehouse");
  EXPECT_FALSE(config->database.prepared_statements);
}

TEST(LoadConfigTest, TellsWhichLineIsWrongAndNeverShowsIt) {
  for (const char* line :
       {"hunter2", "password hunter2",
        "hunter2=", "aHVudGVyMg hunter2==", "hunter2==", "hunter2 = # nothing", "[hunter2",
        "[hunter2 x]", "postgres://ada:hunter2@db/gatehouse?sslmode=require", "\"hunter2!\" = 1",
        "; hunter2 = 1", "x = \"\\hunter2\"", "x = \"hunter2", "x = 1 hunter2"}) {
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

TEST(PrintConfigTest, MasksSecrets) {
  Config config;
  config.database.dsn = "host=db password=hunter2";
  EXPECT_EQ(PrintConfig(config).find("hunter2"), std::string::npos);
  for (const ShownSetting& setting : ShowSettings(config)) {
    EXPECT_EQ(setting.value.find("hunter2"), std::string::npos) << setting.key;
    if (setting.key == "database.dsn") EXPECT_EQ(setting.value, "********");
    EXPECT_EQ(setting.origin, Origin::kDefault);
  }
}

// What a setting of text may hold, or the first of these that it takes.
constexpr std::string_view kAwkward[] = {
    "a\"b\\c#d = [e] 'f' \xc3\xa9\n\r\t\x01\x1f\x7f\\",
    "a\"b\\c#d = [e] 'f' \xc3\xa9\n\r\t\x01\x1f\x7f\\:1",
    "debug",
    "10.1.0.0/16 ::1",
    "accepted",
    "EdDSA",
    "implicit",
};

TEST(PrintConfigTest, ReadsBackEverySettingWhateverItHolds) {
  for (const Setting& setting : AllSettings()) {
    if (setting.secret) continue;
    Config config;
    const std::string before = setting.get(config);
    switch (setting.type) {
      case ValueType::kText:
        for (const std::string_view text : kAwkward) {
          if (setting.set(config, text).ok()) break;
        }
        break;
      case ValueType::kInteger:
        // Of some the default is the most.
        ASSERT_TRUE(setting.set(config, std::to_string(std::stoll(before) + 1)).ok() ||
                    setting.set(config, std::to_string(std::stoll(before) - 1)).ok());
        break;
      case ValueType::kBoolean:
        ASSERT_TRUE(setting.set(config, before == "true" ? "false" : "true").ok());
        break;
    }
    ASSERT_NE(setting.get(config), before) << setting.key;
    const auto read = LoadConfig({.file = WriteFile(PrintConfig(config))});
    ASSERT_TRUE(read.ok()) << setting.key << read.status();
    EXPECT_EQ(setting.get(*read), setting.get(config)) << setting.key;
    EXPECT_EQ(PrintConfig(*read), PrintConfig(config)) << setting.key;
  }
}

TEST(PrintConfigTest, ReadsBackTextThatLooksLikeAnotherType) {
  for (const char* text : {"1", "true", "1.5", "1979-05-27", "[a]", "", "# no comment"}) {
    Config config;
    config.webhook.ca_file = text;
    const auto read = LoadConfig({.file = WriteFile(PrintConfig(config))});
    ASSERT_TRUE(read.ok()) << text << read.status();
    EXPECT_EQ(read->webhook.ca_file, text);
  }
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
