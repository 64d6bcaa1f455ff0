// A receiver of each hostile kind beside a healthy one, which must not notice.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/time.h"
#include "service/delivery/http/address_guard.h"
#include "service/delivery/webhook_engine.h"
#include "storage/delivery/delivery.h"
#include "storage/endpoint/endpoint.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/http/silent_listener.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using storage::DeliveryState;
using ::testing::Contains;
using ::testing::ElementsAreArray;
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
  // Which its attempts may have. "": they succeed.
  std::vector<std::string> error_classes = {""};
  // Its attempts end with it, and not before.
  bool lasts = false;
  // Connecting does not even end.
  bool silent = false;
  // Its name leads to another address, which refuses, until it is looked up again.
  bool moved = false;

  friend void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }
};

std::vector<Kind> Kinds() {
  return {
      {.name = "SpeaksNoTls", .scheme = "https", .error_classes = {"tls"}},
      {.name = "Hangs", .answer = {.hang = true}, .lasts = true},
      {.name = "Trickles", .answer = {.drip = milliseconds(1)}, .lasts = true},
      {.name = "NeverAccepts", .lasts = true, .silent = true},
      {.name = "EndlessBody", .answer = {.body = "b", .filler_bytes = size_t{1} << 40}},
      {.name = "Closes", .answer = {.drop = true}, .error_classes = {"transport"}},
      {.name = "Resets", .answer = {.reset = true}, .error_classes = {"transport"}},
      {.name = "ManyHeaders",
       .answer = {.raw = "HTTP/1.1 200 OK\r\n" + Repeat("a: b\r\n", 100'000) + "\r\n"},
       .error_classes = {"too_large"}},
      {.name = "GzipBomb", .answer = {.headers = {"Content-Encoding: gzip"}, .body = GzipBomb()}},
      {.name = "Redirects",
       .answer = {.status = 302, .headers = {"Location: /elsewhere"}},
       .error_classes = {"status"}},
      {.name = "FloodsWithInterimAnswers",
       .answer = {.raw = Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100'000)},
       .error_classes = {"too_large"}},
      {.name = "TalksNonsense",
       .answer = {.raw = std::string("\0\xff HTTP\r\n\r\n", 11)},
       .error_classes = {"transport"}},
      // What it says without being asked is the answer to nothing: none succeeds by it.
      {.name = "AnswersTwice",
       .answer = {.raw = "HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n"
                         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
       .error_classes = {"status"}},
      {.name = "TimesIdleConnectionsOut",
       .answer = {.status = 422,
                  .unasked = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n",
                  .unasked_after = milliseconds(1)},
       .error_classes = {"status", "transport"}},
      // None of these is gone: none has said so to the end.
      {.name = "BreaksOffInTheHead",
       .answer = {.raw = "HTTP/1.1 410 Gone\r\nX"},
       .error_classes = {"transport"}},
      {.name = "BreaksOffInTheBody",
       .answer = {.raw = "HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\nx"},
       .error_classes = {"transport"}},
      // It must not come as far as what is kept of a body.
      {.name = "TricklesThatItIsGone",
       .answer = {.status = 410,
                  .headers = {"Content-Length: 1000000000"},
                  .drip = milliseconds(10)},
       .lasts = true},
      {.name = "Moved", .error_classes = {"refused", ""}, .moved = true},
  };
}

class HostileFixture : public EngineFixture {
 protected:
  static constexpr int kInFlight = 4;

  // Keeps some of its connections and closes others: where a descriptor is used again soon, what
  // is left of a hostile one would be noticed.
  static HttpReceiver::Answer KeepEverySecond(const HttpReceiver::Request& request) {
    HttpReceiver::Answer answer{.status = 204};
    if (request.connection % 2 == 0) answer.headers = {"Connection: close"};
    return answer;
  }

  HostileFixture() { receiver_.SetHandler(KeepEverySecond); }

  storage::Endpoint Create(const Kind& kind) {
    if (kind.silent) {
      silent_.push_back(std::make_unique<SilentListener>());
      return CreateEndpoint("http://127.0.0.2:" + std::to_string(silent_.back()->port()) + "/");
    }
    auto& receivers = kind.lasts ? lasting_ : hostile_;
    receivers.push_back(
        std::make_unique<HttpReceiver>([kind](const auto&) { return kind.answer; }));
    return CreateEndpoint(kind.scheme + "://" + (kind.moved ? "moved.example" : "127.0.0.1") + ":" +
                              std::to_string(receivers.back()->port()) + "/",
                          {"*"}, kInFlight);
  }

  EnginePtr MakeEngineWithNames() {
    EngineOptions options;
    options.http.look_up = [this](const std::string&) {
      return std::vector{*IpAddress::Parse(looked_up_++ == 0 ? "127.0.0.3" : "127.0.0.1")};
    };
    return MakeEngine(options);
  }

  // Everything arrives while what lasts is under way; then that ends as well.
  void DeliverAll() {
    const base::Time published = clock_.Now();
    const storage::Endpoint healthy = CreateEndpoint(receiver_.Url(), {"order.*"}, kInFlight);
    const storage::Endpoint orderly = CreateEndpoint(orderly_receiver_.Url(), {"order.*"}, 1);
    std::vector<std::string> ids;
    for (size_t i = 0; i < kEvents; ++i) ids.push_back(Publish().ToString());
    const auto engine = MakeEngineWithNames();
    Sequence();
    auto delivered = runner_.Start<absl::Status>([&] { return engine->Deliver(); });
    ASSERT_TRUE(receiver_.WaitForCount(kEvents));
    ASSERT_TRUE(orderly_receiver_.WaitForCount(kEvents));
    // What of theirs begins from here on has waited for a hostile one.
    clock_.Advance(seconds(1));
    lasting_.clear();
    silent_.clear();
    EXPECT_THAT(delivered.get(), IsOk());
    Flush(engine);
    EXPECT_THAT(ReceivedIds(receiver_), UnorderedElementsAreArray(ids));
    EXPECT_THAT(ReceivedIds(orderly_receiver_), ElementsAreArray(ids));
    ExpectUndisturbed(healthy, published);
    ExpectUndisturbed(orderly, published);
  }

  // Each event at its first attempt, and that at once.
  void ExpectUndisturbed(const storage::Endpoint& endpoint, base::Time published) {
    const std::vector<storage::Delivery> deliveries = List(endpoint);
    EXPECT_EQ(deliveries.size(), kEvents);
    for (const storage::Delivery& delivery : deliveries) {
      EXPECT_EQ(delivery.state, DeliveryState::kSucceeded);
      ASSERT_EQ(delivery.attempts.size(), 1u);
      EXPECT_EQ(delivery.attempts[0].start_time, published);
    }
    EXPECT_EQ(Get(endpoint).health.last_failure_time, std::nullopt);
  }

  std::vector<std::unique_ptr<HttpReceiver>> hostile_;
  std::vector<std::unique_ptr<HttpReceiver>> lasting_;
  std::vector<std::unique_ptr<SilentListener>> silent_;
  std::atomic<int> looked_up_ = 0;
  // Of an endpoint that is sent one event at a time: what has to wait comes out of its turn.
  HttpReceiver orderly_receiver_{KeepEverySecond};
};

class HostileReceiverTest : public HostileFixture, public ::testing::WithParamInterface<Kind> {};

TEST_P(HostileReceiverTest, TheOneBesideItDoesNotNotice) {
  const storage::Endpoint hostile = Create(GetParam());
  DeliverAll();
  EXPECT_EQ(Get(hostile).endpoint.state, storage::EndpointState::kEnabled);
  const std::vector<storage::Delivery> deliveries = List(hostile);
  ASSERT_FALSE(deliveries.empty());
  if (GetParam().lasts) return;
  int refused = 0;
  for (const storage::Delivery& delivery : deliveries) {
    for (const storage::AttemptRecord& attempt : delivery.attempts) {
      EXPECT_THAT(GetParam().error_classes, Contains(attempt.error_class));
      EXPECT_LE(attempt.response_head.size(), size_t{16} << 10);
      if (attempt.error_class == "refused") ++refused;
    }
  }
  // Those that went together by the first look-up of a name.
  EXPECT_LE(refused, kInFlight);
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
