// The server over TLS.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "gatehouse/test/echo.pb.h"
#include "rpc/echo_fixture.h"

namespace gatehouse::rpc {
namespace {

using gatehouse::test::EchoRequest;
using gatehouse::test::EchoResponse;
using ::testing::HasSubstr;

class TlsTest : public EchoFixture {
 protected:
  const std::string directory_ = ::testing::TempDir();
  const std::string certificate_ = directory_ + "/certificate.pem";
  const std::string key_ = directory_ + "/key.pem";

  // A certificate of its own, since one in the tree would expire.
  void MakeCertificate() {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
        key_ + " -out " + certificate_ + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
};

TEST_F(TlsTest, ServesWithTheCertificate) {
  MakeCertificate();
  options_.tls_certificate_file = certificate_;
  options_.tls_key_file = key_;
  StartServer();
  tests::GrpcClient client(server_->port(), Read(certificate_));
  EchoRequest request;
  request.set_text("over TLS");
  const auto outcome = client.Call<EchoRequest, EchoResponse>(kEcho, request);
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.response.text(), "over TLS");
  // Plain text does not get through.
  EXPECT_EQ(Echo("x").code, absl::StatusCode::kUnavailable);
}

TEST_F(TlsTest, DoesNotStartWithoutItsKey) {
  MakeCertificate();
  StartServer();
  ServerOptions options = options_;
  options.tls_certificate_file = certificate_;
  options.tls_key_file = directory_ + "/no-such-key.pem";
  const auto server = Server::Start(options, {loops_[0].get()}, registry_, *chain_);
  EXPECT_THAT(std::string(server.status().message()), HasSubstr("no-such-key.pem"));
}

}  // namespace
}  // namespace gatehouse::rpc
