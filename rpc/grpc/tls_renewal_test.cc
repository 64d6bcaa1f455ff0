// TLS of the running server: certificates that are renewed under it, and clients that do not get
// through their handshake.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/log_line.h"
#include "gatehouse/test/echo.pb.h"
#include "rpc/echo_fixture.h"
#include "rpc/server.h"
#include "tests/support/grpc_client.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using gatehouse::test::EchoRequest;
using gatehouse::test::EchoResponse;
using ::testing::Contains;
using ::testing::HasSubstr;

class TlsRenewalTest : public EchoFixture {
 protected:
  TlsRenewalTest() {
    base::SetLogLevel(base::LogLevel::kWarning);
    MakeCertificate("server");
    options_.tls_certificate_file = Path("server.pem");
    options_.tls_key_file = Path("server.key");
    options_.certificate_check = std::chrono::milliseconds(0);
  }

  static std::string Path(const std::string& name) { return ::testing::TempDir() + "/" + name; }

  static void MakeCertificate(const std::string& name) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout " +
        Path(name + ".key") + " -out " + Path(name + ".pem") + " 2>/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  static std::string Read(const std::string& name) {
    std::ifstream file(Path(name));
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

  // As programs that renew certificates do it.
  static void Replace(const std::string& name, const std::string& by) {
    std::filesystem::rename(Path(by), Path(name));
  }

  static bool Echoes(tests::GrpcClient& client) {
    EchoRequest request;
    request.set_text("hello");
    return client.Call<EchoRequest, EchoResponse>(kEcho, request).ok();
  }
  // Whether a connection that is new gets through to a server that has this certificate.
  bool Connects(const std::string& certificate) {
    tests::GrpcClient client(server_->port(), certificate);
    return Echoes(client);
  }

  static bool ChatGoesOn(tests::ClientStream& chat) {
    EchoRequest request;
    request.set_text("still here");
    std::string answer;
    return chat.Write(request.SerializeAsString()) && chat.Read(&answer) &&
           answer == request.SerializeAsString();
  }
};

// Calls one after the other, on a connection of their own, until it is destroyed.
class Caller {
 public:
  Caller(int port, const std::string& certificate) : client_(port, certificate) {
    thread_ = std::thread([this] {
      EchoRequest request;
      request.set_text("hello");
      while (!stop_) {
        const bool ok = client_.Call<EchoRequest, EchoResponse>(kEcho, request).ok();
        ++(ok ? answered_ : failed_);
      }
    });
  }
  ~Caller() {
    stop_ = true;
    thread_.join();
  }

  const std::atomic<int>& answered() const { return answered_; }
  int failed() const { return failed_; }

 private:
  tests::GrpcClient client_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> answered_ = 0;
  std::atomic<int> failed_ = 0;
  std::thread thread_;
};

TEST_F(TlsRenewalTest, ARenewedCertificateCountsForNewConnectionsAndCostsNoCall) {
  StartServer();
  const std::string old_certificate = Read("server.pem");
  tests::GrpcClient streaming(server_->port(), old_certificate);
  const auto chat = streaming.Open(kChat);
  ASSERT_TRUE(ChatGoesOn(*chat));
  Caller caller(server_->port(), old_certificate);
  EchoProbe::Await(caller.answered(), 1);

  MakeCertificate("renewed");
  const std::string new_certificate = Read("renewed.pem");
  Replace("server.pem", "renewed.pem");
  // The key of the old one is still there, and a server that looks now goes on with both.
  EXPECT_TRUE(Connects(old_certificate));
  EXPECT_THAT(MetricsText(), HasSubstr("gatehouse_grpc_tls_files_refused 1\n"));
  Replace("server.key", "renewed.key");
  EXPECT_TRUE(Connects(new_certificate));
  EXPECT_FALSE(Connects(old_certificate));

  EchoProbe::Await(caller.answered(), caller.answered() + 10);
  EXPECT_EQ(caller.failed(), 0);
  EXPECT_TRUE(ChatGoesOn(*chat));
  chat->WritesDone();
  EXPECT_TRUE(chat->Finish().ok());
  EXPECT_THAT(MetricsText(), HasSubstr("gatehouse_grpc_tls_files_refused 0\n"));
  EXPECT_THAT(MetricsText(), HasSubstr("gatehouse_grpc_tls_reloads_total 1\n"));
}

TEST_F(TlsRenewalTest, ABrokenFileIsToldAndTheOldOneStays) {
  StartServer();
  std::vector<std::string> lines;
  {
    const base::ScopedLogCapture capture([&](const std::string& line) { lines.push_back(line); });
    const std::string certificate = Read("server.pem");
    std::ofstream(Path("broken.pem")) << "-----BEGIN CERTIFICATE-----\nno more\n";
    Replace("server.pem", "broken.pem");
    EXPECT_TRUE(Connects(certificate));
    EXPECT_TRUE(Connects(certificate));
  }
  EXPECT_THAT(MetricsText(), HasSubstr("gatehouse_grpc_tls_files_refused 1\n"));
  EXPECT_THAT(MetricsText(), HasSubstr("gatehouse_grpc_tls_reloads_total 0\n"));
  EXPECT_THAT(lines, Contains(HasSubstr("the old ones stay")).Times(1));
}

TEST_F(TlsRenewalTest, HandshakesThatStopAreEnded) {
  options_.handshake_timeout = std::chrono::milliseconds(100);
  StartServer();
  tests::RawClient silent(server_->port(), /*greet=*/false);
  tests::RawClient half(server_->port(), /*greet=*/false);
  // A record of 512 bytes, of which one comes.
  half.Send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  EXPECT_TRUE(silent.ReadEnd());
  EXPECT_TRUE(half.ReadEnd());
  EXPECT_THAT(MetricsText(),
              HasSubstr("connections_ended_total{reason=\"handshake_timeout\"} 2\n"));
}

}  // namespace
}  // namespace gatehouse::rpc
