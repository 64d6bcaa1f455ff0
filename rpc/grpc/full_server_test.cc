// Limits on what all clients, or all calls of one caller, take together: what is refused beyond
// them, what counts it, and that a place which becomes free is had again.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/principal.h"
#include "base/uuid.h"
#include "google/rpc/error_details.pb.h"
#include "rpc/chain/interceptor.h"
#include "rpc/echo_fixture.h"
#include "rpc/server.h"
#include "tests/support/grpc_client.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using ::testing::HasSubstr;
using tests::CallOptions;
using tests::CallOutcome;
using tests::ClientStream;
using tests::RawClient;

// In the place of authentication: a call is by the API key that it names.
class TakesTheirWord final : public Interceptor {
 public:
  std::string_view name() const override { return "authenticate"; }
  Decision Before(ServerCall& call) override {
    const auto id = call.Metadata("x-key");
    if (!id) return Decision::Continue();
    call.context().set_principal(std::make_shared<const base::Principal>(
        base::Principal{.kind = base::Principal::Kind::kApiKey, .id = *base::Uuid::Parse(*id)}));
    return Decision::Continue();
  }
};

class FullServerTest : public EchoFixture {
 protected:
  FullServerTest() { link_ = std::make_unique<TakesTheirWord>(); }

  // A stream whose handler waits for messages.
  std::unique_ptr<ClientStream> OpenOne(const CallOptions& caller = {}) {
    const int before = probe_.waiting;
    std::unique_ptr<ClientStream> stream = client_->Open(kChat, caller);
    EchoProbe::Await(probe_.waiting, before + 1);
    return stream;
  }

  void ExpectRefused(const CallOptions& caller, const std::string& reason,
                     const std::string& limit) {
    const CallOutcome outcome = client_->Open(kChat, caller)->Finish();
    EXPECT_EQ(outcome.code, absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(outcome.reason(), reason);
    EXPECT_TRUE(outcome.Detail<google::rpc::RetryInfo>().has_value());
    EXPECT_THAT(MetricsText(), HasSubstr("gatehouse_rpc_errors_total{limit=\"" + limit +
                                         "\",reason=\"" + reason + "\"} 1\n"));
  }

  // Once the server has seen that another one is over.
  void ExpectAPlace(const CallOptions& caller, const std::string& reason) {
    CallOutcome outcome;
    do {
      const auto next = client_->Open(kChat, caller);
      next->WritesDone();
      outcome = next->Finish();
    } while (outcome.reason() == reason);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
  }
};

TEST_F(FullServerTest, ThereAreOnlySoManyConnections) {
  options_.max_connections = 2;
  StartServer();
  RawClient first(server_->port());
  auto second = std::make_unique<RawClient>(server_->port());
  ASSERT_TRUE(first.Read() && second->Read());
  EXPECT_TRUE(RawClient(server_->port()).ReadEnd());
  EXPECT_THAT(MetricsText(), HasSubstr("connections_refused_total{reason=\"too_many\"} 1\n"));
  EXPECT_THAT(MetricsText(), HasSubstr("gatehouse_grpc_connections 2\n"));
  second.reset();
  // Its place is free once the server has seen that.
  while (!RawClient(server_->port()).Read()) {
  }
}

TEST_F(FullServerTest, StrangersHaveOnlySoManyStreamsTogether) {
  streams_.public_per_address = 100;
  streams_.public_in_all = 2;
  StartServer();
  std::vector<std::unique_ptr<ClientStream>> streams;
  for (int i = 0; i < 2; ++i) streams.push_back(OpenOne());
  ExpectRefused({}, "SERVER_OVERLOADED", "streams without credentials");
  // Not so calls that end by themselves, and who is known.
  EXPECT_TRUE(Echo("hello").ok());
  OpenOne({.metadata = {{"x-key", "01890000-0000-7000-8000-000000000001"}}});
  streams.pop_back();
  ExpectAPlace({}, "SERVER_OVERLOADED");
}

TEST_F(FullServerTest, OnePrincipalHasOnlySoManyStreams) {
  streams_.per_principal = 2;
  StartServer();
  const CallOptions key = {.metadata = {{"x-key", "01890000-0000-7000-8000-000000000001"}}};
  const CallOptions other = {.metadata = {{"x-key", "01890000-0000-7000-8000-000000000002"}}};
  std::vector<std::unique_ptr<ClientStream>> streams;
  for (int i = 0; i < 2; ++i) streams.push_back(OpenOne(key));
  ExpectRefused(key, "RATE_LIMITED", "streams of a principal");
  EXPECT_TRUE(Echo("hello", key).ok());
  OpenOne(other);
  OpenOne();
  streams.pop_back();
  ExpectAPlace(key, "RATE_LIMITED");
}

}  // namespace
}  // namespace gatehouse::rpc
