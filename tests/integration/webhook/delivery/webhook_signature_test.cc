#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_split.h"
#include "base/uuid.h"
#include "service/delivery/signature.h"
#include "service/delivery/webhook_engine.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/integration/webhook/expected_signature.h"
#include "tests/support/http/http_receiver.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using tests::HttpReceiver;
using tests::IsOk;

constexpr char kNewKey[] = "another-secret-of-24-byte";

class WebhookSignatureTest : public EngineFixture {
 protected:
  HttpReceiver::Request DeliverOne(const EnginePtr& engine) {
    Publish();
    Step(engine);
    return receiver_.requests().back();
  }
};

TEST_F(WebhookSignatureTest, EverySecretSignsUntilItExpires) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  Update(endpoint, [&](storage::Endpoint& e) {
    e.secrets[0].expire_time = clock_.Now() + seconds(60);
    e.secrets.insert(
        e.secrets.begin(),
        {.id = base::Uuid::MakeV7(clock_.Now()), .key = kNewKey, .create_time = clock_.Now()});
  });
  clock_.Advance(seconds(60) - microseconds(1));
  HttpReceiver::Request request = DeliverOne(engine);
  EXPECT_EQ(request.headers.at("webhook-signature"),
            ExpectedSignature(request, kNewKey) + " " +
                ExpectedSignature(request, endpoint.secrets[0].key));
  clock_.Advance(microseconds(1));
  request = DeliverOne(engine);
  EXPECT_EQ(request.headers.at("webhook-signature"), ExpectedSignature(request, kNewKey));
}

// What is in flight goes on; what is sent after that has the new signature.
TEST_F(WebhookSignatureTest, WhatWaitsWhileTheSecretIsReplacedIsSignedWithTheNewOne) {
  std::promise<void> in_flight;
  std::promise<void> rotated;
  std::atomic<bool> first = true;
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"}, 1);
  for (int i = 0; i < 3; ++i) Publish();
  receiver_.SetHandler([&](const auto&) {
    if (first.exchange(false)) {
      in_flight.set_value();
      rotated.get_future().wait();
    }
    return HttpReceiver::Answer{};
  });
  Sequence();
  std::future<absl::Status> delivered =
      runner_.Start<absl::Status>([&] { return engine->Deliver(); });
  in_flight.get_future().wait();
  Update(endpoint, [](storage::Endpoint& e) { e.secrets = {{.key = kNewKey}}; });
  engine->EndpointChanged(base::kDefaultTenantId);
  runner_.RunPlain([] {});
  rotated.set_value();
  EXPECT_THAT(delivered.get(), IsOk());
  Step(engine);
  const std::vector<HttpReceiver::Request> requests = receiver_.requests();
  ASSERT_EQ(requests.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(requests[i].headers.at("webhook-signature"),
              ExpectedSignature(requests[i], i == 0 ? endpoint.secrets[0].key : kNewKey))
        << i;
  }
}

TEST_F(WebhookSignatureTest, TheSchemeOfTheEndpointSaysWhatSigns) {
  using storage::SignatureScheme;
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  const std::string pair = MakeKeyPair();
  const std::string old_pair = MakeKeyPair();
  const auto deliver_with = [&](SignatureScheme scheme) {
    Update(endpoint, [&](storage::Endpoint& e) {
      e.signature_scheme = scheme;
      e.key_pairs = {{.key = pair},
                     {.key = old_pair, .expire_time = clock_.Now() + seconds(60)},
                     {.key = MakeKeyPair(), .expire_time = clock_.Now()}};
    });
    return DeliverOne(engine);
  };
  HttpReceiver::Request request = deliver_with(SignatureScheme::kV1);
  const std::string& key = endpoint.secrets[0].key;
  EXPECT_EQ(request.headers.at("webhook-signature"), ExpectedSignature(request, key));

  request = deliver_with(SignatureScheme::kV1a);
  std::vector<std::string> signatures =
      absl::StrSplit(request.headers.at("webhook-signature"), ' ');
  ASSERT_EQ(signatures.size(), 2u);
  EXPECT_TRUE(IsKeyPairSignature(signatures[0], request, pair.substr(32)));
  EXPECT_TRUE(IsKeyPairSignature(signatures[1], request, old_pair.substr(32)));
  EXPECT_FALSE(IsKeyPairSignature(signatures[0], request, old_pair.substr(32)));

  request = deliver_with(SignatureScheme::kV1AndV1a);
  signatures = absl::StrSplit(request.headers.at("webhook-signature"), ' ');
  ASSERT_EQ(signatures.size(), 3u);
  EXPECT_EQ(signatures[0], ExpectedSignature(request, key));
  EXPECT_TRUE(IsKeyPairSignature(signatures[1], request, pair.substr(32)));
}

// The other instance that delivers learns of it by the log alone.
TEST_F(WebhookSignatureTest, AnInstanceThatDidNotReplaceTheSecretLearnsOfItFromTheLog) {
  const auto engine = MakeEngine();
  const storage::Endpoint endpoint = CreateEndpoint(receiver_.Url(), {"order.*"});
  HttpReceiver::Request request = DeliverOne(engine);
  EXPECT_EQ(request.headers.at("webhook-signature"),
            ExpectedSignature(request, endpoint.secrets[0].key));
  Update(
      endpoint, [](storage::Endpoint& e) { e.secrets = {{.key = kNewKey}}; },
      "endpoint.secret_rotated");
  request = DeliverOne(engine);
  EXPECT_EQ(request.headers.at("webhook-signature"), ExpectedSignature(request, kNewKey));
}

}  // namespace
}  // namespace gatehouse::service::delivery
