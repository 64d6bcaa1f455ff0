#include "service/main/server_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::service {
namespace {

using config::GrpcSettings;
using testing::HasSubstr;

std::string WriteFile(const std::string& name, const std::string& text) {
  std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/" + name;
  std::ofstream(path) << text;
  return path;
}

TEST(ServerOptionsTest, CertificatesOfClientsAreAskedForAsConfigured) {
  GrpcSettings settings;
  EXPECT_EQ(ServerOptionsOf(settings).tls_client_auth, rpc::ClientAuth::kNone);
  settings.tls_client_auth = "accepted";
  EXPECT_EQ(ServerOptionsOf(settings).tls_client_auth, rpc::ClientAuth::kAccepted);
  settings.tls_client_auth = "required";
  EXPECT_EQ(ServerOptionsOf(settings).tls_client_auth, rpc::ClientAuth::kRequired);
  EXPECT_EQ(TlsFilesOf(settings).client_auth, rpc::ClientAuth::kRequired);
}

TEST(ServerOptionsTest, RequestsAreLimitedAsConfigured) {
  GrpcSettings settings;
  EXPECT_EQ(ServerOptionsOf(settings).max_message_bytes, size_t{4} << 20);
  settings.max_message_bytes = 70'000;
  settings.max_public_message_bytes = 2'000;
  settings.max_header_block_bytes = 9'000;
  settings.min_request_bytes_per_second = 7;
  settings.max_calls_bytes = 8'000'000;
  settings.max_calls_bytes_per_address = 6'000'000;
  const rpc::ServerOptions options = ServerOptionsOf(settings);
  EXPECT_EQ(options.max_message_bytes, 70'000U);
  EXPECT_EQ(options.max_public_message_bytes, 2'000U);
  EXPECT_EQ(options.max_header_block_bytes, 9'000U);
  EXPECT_EQ(options.min_request_bytes_per_second, 7U);
  EXPECT_EQ(options.max_calls_bytes, 8'000'000U);
  EXPECT_EQ(options.max_calls_bytes_per_address, 6'000'000U);
}

TEST(ServerOptionsTest, ProxiesAreReadAsNetworks) {
  GrpcSettings settings;
  EXPECT_TRUE(ServerOptionsOf(settings).trusted_networks.empty());
  settings.trusted_networks = "10.0.3.0/24 fd00:7::/64";
  EXPECT_EQ(ServerOptionsOf(settings).trusted_networks.size(), 2U);
}

TEST(ServerOptionsTest, CertificatesStandForKeysOnlyWhereTheyAreShown) {
  GrpcSettings settings;
  EXPECT_TRUE(CertificateKeysOf(settings).ok());
  settings.tls_client_keys_file =
      WriteFile("keys", "0192f3a4-5b6c-7d8e-9f00-112233445566  CN=billing,O=Example\n");
  const absl::Status nobody = CertificateKeysOf(settings).status();
  EXPECT_TRUE(base::HasReason(nobody, base::Reason::kInvalidField)) << nobody;
  EXPECT_THAT(std::string(nobody.message()), HasSubstr("grpc.tls_client_auth"));
  settings.tls_client_auth = "accepted";
  EXPECT_TRUE(CertificateKeysOf(settings).ok()) << CertificateKeysOf(settings).status();
}

TEST(ServerOptionsTest, AFileOfKeysThatCannotBeReadIsNamed) {
  GrpcSettings settings;
  settings.tls_client_auth = "required";
  settings.tls_client_keys_file = "/nonexistent";
  EXPECT_THAT(std::string(CertificateKeysOf(settings).status().message()),
              HasSubstr("/nonexistent"));
  settings.tls_client_keys_file = WriteFile("bad", "no key at all\n");
  EXPECT_THAT(std::string(CertificateKeysOf(settings).status().message()),
              HasSubstr("grpc.tls_client_keys_file"));
}

TEST(ServerOptionsTest, CallsInFlightAreLimitedAsConfigured) {
  GrpcSettings settings;
  settings.max_in_flight = 300;
  settings.known_callers_percent = 40;
  EXPECT_EQ(InFlightLimitsOf(settings).unary, 300U);
  EXPECT_EQ(InFlightLimitsOf(settings).known_percent, 40U);
}

TEST(ServerOptionsTest, StreamsAreLimitedAsConfigured) {
  GrpcSettings settings;
  settings.max_principal_streams = 3;
  settings.max_public_streams_per_address = 4;
  settings.max_public_streams = 5;
  const auto limits = StreamLimitsOf(settings);
  EXPECT_EQ(limits.per_principal, 3U);
  EXPECT_EQ(limits.public_per_address, 4U);
  EXPECT_EQ(limits.public_in_all, 5U);
}

TEST(ServerOptionsTest, LoopsAreThoseOfTheSettingOrFewEnoughForOnePostgres) {
  GrpcSettings settings;
  EXPECT_GE(LoopCountOf(settings), 1U);
  EXPECT_LE(LoopCountOf(settings), 4U);
  settings.loops = 7;
  EXPECT_EQ(LoopCountOf(settings), 7U);
}

}  // namespace
}  // namespace gatehouse::service
