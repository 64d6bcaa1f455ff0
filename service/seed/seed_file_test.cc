#include "service/seed/seed_file.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::service {
namespace {

std::string ErrorOf(std::string_view text) {
  const auto seed = ParseSeedFile(text);
  return seed.ok() ? "ok" : std::string(seed.status().message());
}

TEST(ParseSeedFileTest, ReadsEverySection) {
  const auto seed = ParseSeedFile(R"({
    "roles": [{"name": "support", "permissions": ["users.read"]}],
    "users": [{"username": "ada", "role": "admin", "password_file": "/p"}],
    "api_keys": [{"display_name": "billing", "permissions": ["a", "b"], "key_file": "/k"}],
    "endpoints": [{"url": "https://x", "event_types": ["*"], "secret_file": "/s"}]})");
  ASSERT_TRUE(seed.ok()) << seed.status();
  EXPECT_EQ(seed->roles.at(0).name, "support");
  EXPECT_EQ(seed->roles.at(0).permissions, std::vector<std::string>{"users.read"});
  EXPECT_EQ(seed->users.at(0).username, "ada");
  EXPECT_EQ(seed->users.at(0).password_file, "/p");
  EXPECT_EQ(seed->api_keys.at(0).permissions, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(seed->endpoints.at(0).event_types, std::vector<std::string>{"*"});
}

TEST(ParseSeedFileTest, TakesAnEmptyFile) { EXPECT_EQ(ErrorOf("{}"), "ok"); }

TEST(ParseSeedFileTest, NamesWhatIsWrongAndWhere) {
  EXPECT_EQ(ErrorOf("{"), "seed file: is not valid JSON");
  EXPECT_EQ(ErrorOf("[]"), "seed file: must be an object");
  EXPECT_EQ(ErrorOf(R"({"users": [7]})"), "users[0]: must be an object");
  EXPECT_EQ(ErrorOf(R"({"roles": [{"name": "a", "permissions": ["x", 1]}]})"),
            "roles[0].permissions: must be a list of strings, not empty");
  EXPECT_EQ(ErrorOf(R"({"roles": [{"name": "a", "permissions": "x"}]})"),
            "roles[0].permissions: must be a list of strings, not empty");
  EXPECT_EQ(ErrorOf(R"({"api_keys": [{"display_name": "a", "permissions": ["x"]}]})"),
            "api_keys[0].key_file: is required");
  EXPECT_EQ(ErrorOf(R"({"endpoints": [{"url": "https://x", "event_types": ["*"]}]})"),
            "endpoints[0].secret_file: is required");
  EXPECT_EQ(ErrorOf(R"({"endpoints": [
                {"url": "https://x", "event_types": ["*"], "secret_file": "/a"},
                {"url": "https://x", "event_types": ["*"], "secret_file": "/b"}]})"),
            "endpoints[1]: stands twice: https://x");
  EXPECT_EQ(ErrorOf(R"({"user": []})"),
            "user: is not known; sections are roles, users, api_keys, endpoints");
  EXPECT_EQ(ErrorOf(R"({"users": {}})"), "users: must be a list");
  EXPECT_EQ(ErrorOf(R"({"users": [{"role": "admin"}]})"), "users[0].username: is required");
  EXPECT_EQ(ErrorOf(R"({"users": [{"username": 1}]})"), "users[0].username: must be a string");
  EXPECT_EQ(ErrorOf(R"({"users": [{"username": "a", "password": "x"}]})"),
            "users[0].password: is not known");
  EXPECT_EQ(ErrorOf(R"({"users": [{"username": "a"}, {"username": "a"}]})"),
            "users[1]: stands twice: a");
  // Composed or not, in either case, it is one name.
  EXPECT_EQ(ErrorOf(R"({"users": [{"username": "Kim"}, {"username": "kim"}]})"),
            "users[1]: stands twice: kim");
  EXPECT_EQ(ErrorOf(R"({"users": [{"username": "Zo\u00eb"}, {"username": "zoe\u0308"}]})"),
            "users[1]: stands twice: zoe\u0308");
  EXPECT_EQ(ErrorOf(R"({"users": [{"username": "kim@m\u00fcller.example"},
                                  {"username": "kim@xn--mller-kva.example"}]})"),
            "users[1]: stands twice: kim@xn--mller-kva.example");
  EXPECT_EQ(ErrorOf(R"({"roles": [{"permissions": ["users.read"]}]})"),
            "roles[0].name: is required");
  EXPECT_EQ(ErrorOf(R"({"roles": [{"name": "a"}]})"), "roles[0].permissions: is required");
  EXPECT_EQ(ErrorOf(R"({"roles": [{"name": "a", "permissions": ["x"]},
                                  {"name": "a", "permissions": ["y"]}]})"),
            "roles[1]: stands twice: a");
  EXPECT_EQ(
      ErrorOf(R"({"api_keys": [{"display_name": "a", "permissions": [], "key_file": "/k"}]})"),
      "api_keys[0].permissions: must be a list of strings, not empty");
}

TEST(ParseSeedFileTest, RefusesAKeyThatStandsTwiceInOneObject) {
  EXPECT_EQ(ErrorOf(R"({"users": [], "users": [{"username": "a"}]})"),
            "seed file: an object has \"users\" twice");
  EXPECT_EQ(ErrorOf(R"({"users": [{"username": "a", "username": "b"}]})"),
            "seed file: an object has \"username\" twice");
  // Two objects may each have it.
  EXPECT_EQ(ErrorOf(R"({"users": [{"username": "a"}, {"username": "b"}]})"), "ok");
}

}  // namespace
}  // namespace gatehouse::service
