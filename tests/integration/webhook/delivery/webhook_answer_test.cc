#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "service/delivery/http/http_sender.h"
#include "service/delivery/webhook_engine.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/http/http_receiver.h"
#include "tests/support/postgres/postgres_cluster.h"

namespace gatehouse::service::delivery {
namespace {

using tests::HttpReceiver;

// What is kept of receivers' answers, from their bytes to the row.
using WebhookAnswerTest = EngineFixture;

TEST_F(WebhookAnswerTest, KeepsSixteenKibibytesOfAnAnswer) {
  const std::string full(size_t{16} << 10, 'x');
  // The last character is cut, and goes.
  const std::string cut = full.substr(1) + "\xc3\xbc";
  receiver_.SetHandler([=](const HttpReceiver::Request& request) {
    if (request.target == "/full") return HttpReceiver::Answer{.status = 500, .body = full};
    if (request.target == "/more") return HttpReceiver::Answer{.status = 500, .body = full + "y"};
    return HttpReceiver::Answer{.status = 200, .body = cut};
  });
  const auto engine = MakeEngine();
  const storage::Endpoint full_one = CreateEndpoint(receiver_.Url("/full"), {"order.*"});
  const storage::Endpoint more_one = CreateEndpoint(receiver_.Url("/more"), {"order.*"});
  const storage::Endpoint cut_one = CreateEndpoint(receiver_.Url("/cut"), {"order.*"});
  Publish();
  Step(engine);
  const auto head = [&](const storage::Endpoint& endpoint) {
    return List(endpoint).at(0).attempts.at(0).response_head;
  };
  EXPECT_EQ(head(full_one), full);
  EXPECT_EQ(head(more_one), full);
  EXPECT_EQ(head(cut_one), full.substr(1));
}

TEST_F(WebhookAnswerTest, SendsNoMoreThanItCanHoldOfAnswers) {
  constexpr int kInFlight = 32;
  // What the engine holds is 16 MiB; this many answers fill it.
  constexpr uint64_t kFull = 1024;
  constexpr uint64_t kEvents = 1200;
  receiver_.SetHandler(
      [](const auto&) { return HttpReceiver::Answer{.filler_bytes = kMaxResponseBytes}; });
  const auto engine = MakeEngine();
  CreateEndpoint(receiver_.Url(), {"order.*"}, kInFlight);
  for (uint64_t i = 0; i < kEvents; ++i) Publish();
  Deliver(engine);
  EXPECT_GE(engine->stats().sent, kFull);
  EXPECT_LT(engine->stats().sent, kFull + kInFlight);
  Step(engine);
  EXPECT_EQ(engine->stats().sent, kEvents);
  EXPECT_EQ(engine->stats().unflushed, 0);
  EXPECT_EQ(tests::AskSql(dsn_,
                          "SELECT count(*) FROM gatehouse.webhook_attempt "
                          "WHERE octet_length(response_head) = 16384"),
            std::to_string(kEvents));
}

}  // namespace
}  // namespace gatehouse::service::delivery
