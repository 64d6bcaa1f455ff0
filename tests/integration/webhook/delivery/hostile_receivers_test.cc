// A receiver of each hostile kind beside a healthy one, which must not notice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "service/delivery/webhook_engine.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/http/silent_listener.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::milliseconds;
using storage::DeliveryState;
using ::testing::UnorderedElementsAreArray;
using tests::HttpReceiver;
using tests::IsOk;
using tests::SilentListener;

constexpr size_t kEvents = 40;

std::string Repeat(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

// 64 MiB of nothing.
std::string GzipBomb() {
  const std::string plain(size_t{64} << 20, '\0');
  std::string packed(size_t{1} << 20, '\0');
  z_stream stream = {};
  constexpr int kGzip = 16 + MAX_WBITS;
  EXPECT_EQ(
      deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzip, MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY),
      Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

struct Kind {
  std::string name;
  // To anything that is sent to it.
  HttpReceiver::Answer answer = {};
  std::string scheme = "http";
  // Of its attempts. Empty: they succeed.
  std::string error_class = {};
  // Its attempts end with it, and not before.
  bool lasts = false;
  // Connecting does not even end.
  bool silent = false;

  friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
};

std::vector<Kind> Kinds() {
  return {
      {.name = "SpeaksNoTls", .scheme = "https", .error_class = "tls"},
      {.name = "Hangs", .answer = {.hang = true}, .lasts = true},
      {.name = "Trickles", .answer = {.drip = milliseconds(1)}, .lasts = true},
      {.name = "NeverAccepts", .lasts = true, .silent = true},
      {.name = "EndlessBody", .answer = {.body = "b", .filler_bytes = size_t{1} << 40}},
      {.name = "Closes", .answer = {.drop = true}, .error_class = "transport"},
      {.name = "Resets", .answer = {.reset = true}, .error_class = "transport"},
      {.name = "ManyHeaders",
       .answer = {.raw = "HTTP/1.1 200 OK\r\n" + Repeat("a: b\r\n", 100'000) + "\r\n"},
       .error_class = "too_large"},
      {.name = "GzipBomb", .answer = {.headers = {"Content-Encoding: gzip"}, .body = GzipBomb()}},
      {.name = "Redirects",
       .answer = {.status = 302, .headers = {"Location: /elsewhere"}},
       .error_class = "status"},
      {.name = "FloodsWithInterimAnswers",
       .answer = {.raw = Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100'000)},
       .error_class = "too_large"},
      {.name = "TalksNonsense",
       .answer = {.raw = std::string("\0\xff HTTP\r\n\r\n", 11)},
       .error_class = "transport"},
  };
}

class HostileFixture : public EngineFixture {
 protected:
  // Keeps some of its connections and closes others: where a descriptor is used again soon, what
  // is left of a hostile one would be noticed.
  HostileFixture() {
    receiver_.SetHandler([](const HttpReceiver::Request& request) {
      HttpReceiver::Answer answer{.status = 204};
      if (request.connection % 2 == 0) answer.headers = {"Connection: close"};
      return answer;
    });
  }

  storage::Endpoint Create(const Kind& kind) {
    if (kind.silent) {
      silent_.push_back(std::make_unique<SilentListener>());
      return CreateEndpoint("http://127.0.0.2:" + std::to_string(silent_.back()->port()) + "/");
    }
    auto& receivers = kind.lasts ? lasting_ : hostile_;
    receivers.push_back(
        std::make_unique<HttpReceiver>([kind](const auto&) { return kind.answer; }));
    return CreateEndpoint(kind.scheme + "://127.0.0.1:" + std::to_string(receivers.back()->port()) +
                          "/");
  }

  // Everything arrives while what lasts is under way; then that ends as well.
  void DeliverAll() {
    const storage::Endpoint healthy = CreateEndpoint(receiver_.Url(), {"order.*"});
    std::vector<std::string> ids;
    for (size_t i = 0; i < kEvents; ++i) ids.push_back(Publish().ToString());
    const auto engine = MakeEngine();
    Sequence();
    auto delivered = runner_.Start<absl::Status>([&] { return engine->Deliver(); });
    ASSERT_TRUE(receiver_.WaitForCount(kEvents));
    lasting_.clear();
    silent_.clear();
    EXPECT_THAT(delivered.get(), IsOk());
    Flush(engine);
    EXPECT_THAT(ReceivedIds(receiver_), UnorderedElementsAreArray(ids));
    const std::vector<storage::Delivery> deliveries = List(healthy);
    EXPECT_EQ(deliveries.size(), kEvents);
    for (const storage::Delivery& delivery : deliveries) {
      EXPECT_EQ(delivery.state, DeliveryState::kSucceeded);
      EXPECT_EQ(delivery.attempts.size(), 1u);
    }
    EXPECT_EQ(Get(healthy).health.last_failure_time, std::nullopt);
  }

  std::vector<std::unique_ptr<HttpReceiver>> hostile_;
  std::vector<std::unique_ptr<HttpReceiver>> lasting_;
  std::vector<std::unique_ptr<SilentListener>> silent_;
};

class HostileReceiverTest : public HostileFixture, public ::testing::WithParamInterface<Kind> {};

TEST_P(HostileReceiverTest, TheOneBesideItDoesNotNotice) {
  const storage::Endpoint hostile = Create(GetParam());
  DeliverAll();
  const std::vector<storage::Delivery> deliveries = List(hostile);
  ASSERT_FALSE(deliveries.empty());
  if (GetParam().lasts) return;
  for (const storage::Delivery& delivery : deliveries) {
    for (const storage::AttemptRecord& attempt : delivery.attempts) {
      EXPECT_EQ(attempt.error_class, GetParam().error_class);
      EXPECT_LE(attempt.response_head.size(), size_t{16} << 10);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, HostileReceiverTest, ::testing::ValuesIn(Kinds()),
                         [](const auto& info) { return info.param.name; });

using HostileReceiversTest = HostileFixture;

TEST_F(HostileReceiversTest, TheOneBesideThemAllDoesNotNotice) {
  for (const Kind& kind : Kinds()) Create(kind);
  DeliverAll();
}

}  // namespace
}  // namespace gatehouse::service::delivery
