#include "rpc/tls/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "base/status.h"

namespace gatehouse::rpc {
namespace {

class TlsFilesTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) { return testing::TempDir() + "/" + name; }
  // `how`: the options of `openssl req` about the key.
  void Make(const std::string& name, const std::string& how = "-nodes") {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -days 1 "
        "-subj /CN=localhost " +
        how + " -keyout " + Path(name + ".key") + " -out " + Path(name + ".pem") + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  static std::string FieldOf(const absl::Status& status) {
    const auto details = base::GetErrorDetails(status);
    return details && !details->violations.empty() ? details->violations[0].field : "";
  }
};

TEST_F(TlsFilesTest, TakesBothOrNone) {
  Make("a");
  EXPECT_TRUE(CheckTlsFiles("", "").ok());
  EXPECT_TRUE(CheckTlsFiles(Path("a.pem"), Path("a.key")).ok());
  EXPECT_EQ(FieldOf(CheckTlsFiles(Path("a.pem"), "")), "grpc.tls_key_file");
  EXPECT_EQ(FieldOf(CheckTlsFiles("", Path("a.key"))), "grpc.tls_certificate_file");
}

TEST_F(TlsFilesTest, RefusesWhatAServerCannotServeWith) {
  Make("a");
  Make("b");
  Make("locked", "-passout pass:hunter2");
  std::ofstream(Path("empty")).close();
  const std::string pem = Path("a.pem");
  const std::string key = Path("a.key");
  for (const std::string& bad : {Path("none"), Path("empty"), key, testing::TempDir()}) {
    EXPECT_EQ(FieldOf(CheckTlsFiles(bad, key)), "grpc.tls_certificate_file") << bad;
  }
  for (const std::string& bad :
       {Path("none"), Path("empty"), pem, testing::TempDir(), Path("locked.key")}) {
    EXPECT_EQ(FieldOf(CheckTlsFiles(pem, bad)), "grpc.tls_key_file") << bad;
  }
  const absl::Status other = CheckTlsFiles(pem, Path("b.key"));
  EXPECT_EQ(FieldOf(other), "grpc.tls_key_file");
  EXPECT_THAT(std::string(other.message()), testing::HasSubstr("another certificate"));
}

}  // namespace
}  // namespace gatehouse::rpc
