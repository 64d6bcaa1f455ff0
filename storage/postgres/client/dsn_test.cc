#include "storage/postgres/client/dsn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace gatehouse::storage::postgres {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(ParseDsnTest, ReadsStringsAndUris) {
  const auto text = ParseDsn("host=a,b port=1,2 user=ada password='x y/@'");
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_THAT(*text, Contains(Pair("host", "a,b")));
  EXPECT_THAT(*text, Contains(Pair("password", "x y/@")));
  const auto uri = ParseDsn("postgres://ada:x%2Fy%40z@db:5433/gatehouse");
  ASSERT_TRUE(uri.ok()) << uri.status();
  EXPECT_THAT(*uri, Contains(Pair("password", "x/y@z")));
  EXPECT_THAT(*uri, Contains(Pair("port", "5433")));
  EXPECT_TRUE(ParseDsn("host=/run/postgresql port=").ok());
  EXPECT_TRUE(ParseDsn("host=@abstract").ok());
}

TEST(ParseDsnTest, ShowsNothingOfADsnThatItRefuses) {
  for (const char* dsn :
       {"hunter2", "host=db password=x hunter2", "host=db password=x hunter2=y",
        "host=db password='hunter2", "postgres://ada:%zzhunter2@db/x", "postgres://[hunter2/x",
        "postgres://ada@db/x?hunter2", "postgres://ada@db/x?hunter2=1",
        // These two fail no sooner than at connect, where libpq shows the port and the host.
        "postgres://ada:hunter2/x@db/x", "postgres://ada:x@hunter2@db/x", "host=db port=0",
        "host=db port=65536"}) {
    const absl::Status status = ParseDsn(dsn).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << dsn;
    EXPECT_THAT(std::string(status.message()), HasSubstr("dsn"));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("hunter2"))) << dsn;
  }
}

TEST(DsnValuesTest, AreSetOnceEach) {
  DsnValues values = *ParseDsn("host=db user=ada");
  SetDsnDefault(values, "user", "bob");
  SetDsnDefault(values, "dbname", "gatehouse");
  SetDsnValue(values, "host", "other");
  SetDsnValue(values, "port", "5433");
  EXPECT_THAT(values, UnorderedElementsAre(Pair("host", "other"), Pair("user", "ada"),
                                           Pair("dbname", "gatehouse"), Pair("port", "5433")));
  EXPECT_EQ(DsnValue(values, "user"), "ada");
  EXPECT_EQ(DsnValue(values, "password"), "");
}

TEST(RotateHostsTest, TurnsWhatBelongsToEachHost) {
  const DsnValues values = *ParseDsn("host=a,b,c port=1,2,3 hostaddr=,::1, user=x,y");
  EXPECT_EQ(CountHosts(values), 3U);
  const DsnValues turned = RotateHosts(values, 4);
  EXPECT_EQ(DsnValue(turned, "host"), "b,c,a");
  EXPECT_EQ(DsnValue(turned, "port"), "2,3,1");
  EXPECT_EQ(DsnValue(turned, "hostaddr"), "::1,,");
  EXPECT_EQ(DsnValue(turned, "user"), "x,y");
  EXPECT_EQ(RotateHosts(values, 3), values);
}

TEST(RotateHostsTest, OneHostStaysWhereItIs) {
  for (const char* dsn : {"host=a port=1", "dbname=x"}) {
    const DsnValues values = *ParseDsn(dsn);
    EXPECT_EQ(CountHosts(values), 1U) << dsn;
    EXPECT_EQ(RotateHosts(values, 1), values) << dsn;
  }
}

TEST(ReadPasswordFileTest, TakesTheFirstLineWithoutItsEnd) {
  const std::string path = testing::TempDir() + "password";
  for (const char* text : {"hunter2", "hunter2\n", "hunter2\r\n", "hunter2\r\nnext\r\n"}) {
    std::ofstream(path) << text;
    EXPECT_EQ(ReadPasswordFile(path).value_or(""), "hunter2") << text;
  }
}

TEST(ReadPasswordFileTest, NamesAFileThatHoldsNone) {
  for (const std::string path : {"/nonexistent/password", "/dev/null", "/tmp"}) {
    EXPECT_THAT(std::string(ReadPasswordFile(path).status().message()), HasSubstr(path));
  }
}

}  // namespace
}  // namespace gatehouse::storage::postgres
