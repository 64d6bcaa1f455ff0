#include "service/delivery/http/http_sender.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/http/http_receiver.h"
#include "tests/support/http/silent_listener.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::milliseconds;
using tests::HttpReceiver;
using tests::SilentListener;

// A sender that may reach the receiver, and the receiver.
class HttpSenderTest : public ::testing::Test {
 protected:
  HttpSenderTest() { MakeSender({.guard = *AddressGuard::Make({"127.0.0.0/8", "::1"})}); }
  ~HttpSenderTest() override {
    runner_.RunPlain([this] { sender_.reset(); });
  }

  void MakeSender(HttpSender::Options options) {
    runner_.RunPlain([&] { sender_ = std::make_unique<HttpSender>(runner_.loop(), options); });
  }

  std::future<HttpResult> Start(HttpRequest request) {
    if (!request.body) request.body = std::make_shared<const std::string>("{}");
    auto promise = std::make_shared<std::promise<HttpResult>>();
    runner_.loop().Post([this, promise, request] {
      sender_->Send(request, [promise](HttpResult result) { promise->set_value(result); });
    });
    return promise->get_future();
  }
  HttpResult Send(HttpRequest request) { return Start(std::move(request)).get(); }
  HttpResult Send(const std::string& url) { return Send(HttpRequest{.url = url}); }

  tests::LoopRunner runner_;
  HttpReceiver receiver_;
  std::unique_ptr<HttpSender> sender_;
};

TEST_F(HttpSenderTest, PostsExactlyWhatItIsGiven) {
  const std::string body = "{\"a\": \"\xc3\xbc\\u0000\"}\n";
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.body = "thanks"}; });
  const HttpResult result = Send({.url = receiver_.Url("/hook?x=1"),
                                  .headers = {{"content-type", "application/json"}, {"X-A", "b c"}},
                                  .body = std::make_shared<const std::string>(body)});
  EXPECT_TRUE(result.ok()) << result.error_class;
  EXPECT_EQ(result.status_code, 200);
  EXPECT_EQ(result.body, "thanks");
  EXPECT_GT(result.latency.count(), 0);
  ASSERT_EQ(receiver_.count(), 1u);
  const HttpReceiver::Request request = receiver_.requests()[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, "/hook?x=1");
  EXPECT_EQ(request.body, body);
  EXPECT_EQ(request.headers.at("content-type"), "application/json");
  EXPECT_EQ(request.headers.at("x-a"), "b c");
  EXPECT_EQ(request.headers.at("accept-encoding"), "identity");
  EXPECT_EQ(request.headers.at("user-agent"), "gatehouse-webhooks/1");
  EXPECT_EQ(request.headers.count("expect"), 0u);
}

TEST_F(HttpSenderTest, ReusesAConnection) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Send(receiver_.Url()).ok());
  EXPECT_EQ(receiver_.connections(), 1);
}

TEST_F(HttpSenderTest, SendsManyAtATime) {
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.delay = milliseconds(50)}; });
  std::vector<std::future<HttpResult>> results;
  for (int i = 0; i < 64; ++i) results.push_back(Start({.url = receiver_.Url()}));
  for (auto& result : results) EXPECT_TRUE(result.get().ok());
  EXPECT_EQ(receiver_.count(), 64u);
}

TEST_F(HttpSenderTest, ReportsStatusAndRetryAfter) {
  receiver_.SetHandler([](const auto&) {
    return HttpReceiver::Answer{.status = 503, .headers = {"Retry-After:  120 "}, .body = "later"};
  });
  const HttpResult result = Send(receiver_.Url());
  EXPECT_EQ(result.error_class, "status");
  EXPECT_EQ(result.status_code, 503);
  EXPECT_EQ(result.retry_after, "120");
  EXPECT_EQ(result.body, "later");
}

TEST_F(HttpSenderTest, DoesNotFollowRedirects) {
  HttpReceiver other;
  for (const int status : {301, 302, 303, 307, 308}) {
    receiver_.SetHandler([&, status](const auto&) {
      return HttpReceiver::Answer{.status = status, .headers = {"Location: " + other.Url()}};
    });
    const HttpResult result = Send(receiver_.Url());
    EXPECT_EQ(result.error_class, "status") << status;
    EXPECT_EQ(result.status_code, status);
  }
  EXPECT_EQ(other.count(), 0u);
}

TEST_F(HttpSenderTest, RefusesPrivateAddressesByDefault) {
  MakeSender({});
  EXPECT_EQ(Send(receiver_.Url()).error_class, "blocked");
  EXPECT_EQ(Send("http://localhost:" + std::to_string(receiver_.port())).error_class, "blocked");
  // Spellings that only the resolver understands.
  for (const char* host : {"2130706433", "0x7f000001", "127.1", "0177.0.0.1"}) {
    EXPECT_EQ(
        Send("http://" + std::string(host) + ":" + std::to_string(receiver_.port())).error_class,
        "blocked")
        << host;
  }
  EXPECT_EQ(receiver_.connections(), 0);
}

// Whoever controls a name could else have the server try its public address and then,
// or instead, its private one.
TEST_F(HttpSenderTest, RefusesANameOfWhichOneAddressIsForbidden) {
  std::atomic<int> asked = 0;
  std::vector<IpAddress> answer;
  const HttpSender::Options options{.guard = *AddressGuard::Make({"127.0.0.1"}),
                                    .look_up = [&](const std::string& host) {
                                      EXPECT_EQ(host, "hooks.example.com");
                                      ++asked;
                                      return answer;
                                    }};
  const IpAddress allowed = *IpAddress::Parse("127.0.0.1");
  const std::string url = "http://hooks.example.com:" + std::to_string(receiver_.port()) + "/";
  for (const char* forbidden : {"127.0.0.2", "10.0.0.1", "169.254.169.254", "::1", "fd00::1",
                                "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe"}) {
    for (const bool first : {true, false}) {
      answer = {allowed, allowed};
      answer[first ? 0 : 1] = *IpAddress::Parse(forbidden);
      // A new one remembers no answer.
      MakeSender(options);
      EXPECT_EQ(Send(url).error_class, "blocked") << forbidden << " " << first;
    }
  }
  EXPECT_EQ(receiver_.connections(), 0);
  answer = {allowed};
  asked = 0;
  MakeSender(options);
  EXPECT_EQ(Send(url).error_class, "");
  EXPECT_EQ(receiver_.requests()[0].headers.at("host"),
            "hooks.example.com:" + std::to_string(receiver_.port()));
  // What was judged is what is connected to, also the next time.
  answer = {*IpAddress::Parse("10.0.0.1")};
  EXPECT_EQ(Send(url).error_class, "");
  EXPECT_EQ(asked, 1);
}

TEST_F(HttpSenderTest, ANameThatNobodyAnswersForTimesOut) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  MakeSender({.look_up =
                  [released](const std::string&) {
                    released.wait();
                    return std::vector<IpAddress>();
                  },
              .connect_timeout = milliseconds(100)});
  EXPECT_EQ(Send("http://slow.example.com/").error_class, "timeout");
  release.set_value();
}

TEST_F(HttpSenderTest, ANameThatNobodyAnswersForHoldsUpNoOther) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  MakeSender({.look_up =
                  [released](const std::string& host) {
                    if (host == "slow.example.com") released.wait();
                    return std::vector<IpAddress>();
                  },
              .connect_timeout = std::chrono::minutes(1)});
  std::future<HttpResult> slow = Start({.url = "http://slow.example.com/"});
  EXPECT_EQ(Send("http://none.example.com/").error_class, "dns");
  EXPECT_EQ(slow.wait_for(milliseconds(0)), std::future_status::timeout);
  release.set_value();
  EXPECT_EQ(slow.get().error_class, "dns");
}

TEST_F(HttpSenderTest, SpeaksOnlyHttp) {
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/",
                          "dict://127.0.0.1/", "scp://127.0.0.1/"}) {
    EXPECT_EQ(Send(std::string(url)).error_class, "transport") << url;
  }
}

TEST_F(HttpSenderTest, IgnoresAProxyInTheEnvironment) {
  HttpReceiver proxy;
  ::setenv("http_proxy", proxy.Url().c_str(), 1);
  ::setenv("ALL_PROXY", proxy.Url().c_str(), 1);
  EXPECT_TRUE(Send(receiver_.Url()).ok());
  ::unsetenv("http_proxy");
  ::unsetenv("ALL_PROXY");
  EXPECT_EQ(proxy.count(), 0u);
  EXPECT_EQ(receiver_.count(), 1u);
}

TEST_F(HttpSenderTest, TellsFailuresApart) {
  uint16_t closed_port;
  {
    HttpReceiver gone;
    closed_port = gone.port();
  }
  EXPECT_EQ(Send("http://127.0.0.1:" + std::to_string(closed_port)).error_class, "refused");
  EXPECT_EQ(Send("http://no-such-host.invalid/").error_class, "dns");
  // TLS to a server that speaks none.
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{}; });
  EXPECT_EQ(Send("https://127.0.0.1:" + std::to_string(receiver_.port()) + "/").error_class, "tls");
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.drop = true}; });
  EXPECT_EQ(Send(receiver_.Url()).error_class, "transport");
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.raw = "garbage\r\n\r\n"}; });
  EXPECT_EQ(Send(receiver_.Url()).error_class, "transport");
}

const IpAddress kHealthy = *IpAddress::Parse("127.0.0.1");
const IpAddress kSilent = *IpAddress::Parse("127.0.0.2");

TEST_F(HttpSenderTest, TriesTheNextAddressWhereOneIsSilentOrRefuses) {
  const SilentListener silent(receiver_.port());
  // 127.0.0.3 has no listener.
  for (const IpAddress& first :
       {kSilent, *IpAddress::Parse("127.0.0.3"), *IpAddress::Parse("::1")}) {
    MakeSender({.guard = *AddressGuard::Make({"127.0.0.0/8", "::1"}),
                .look_up = [&](const std::string&) { return std::vector{first, kHealthy}; },
                .connect_timeout = std::chrono::minutes(1)});
    const std::string url = "http://two.example:" + std::to_string(receiver_.port()) + "/";
    EXPECT_EQ(Send({.url = url, .timeout = std::chrono::minutes(1)}).error_class, "");
  }
  EXPECT_EQ(receiver_.count(), 3u);
}

TEST_F(HttpSenderTest, ConnectsThatNeverEndDisturbNoOther) {
  const SilentListener silent(receiver_.port());
  MakeSender({.guard = *AddressGuard::Make({"127.0.0.0/8"}), .connect_timeout = milliseconds(100)});
  const std::string dead = "http://127.0.0.2:" + std::to_string(receiver_.port()) + "/";
  // A healthy receiver that closes each connection, so that every request needs one of its own:
  // with the number of one that was just given up.
  receiver_.SetHandler([](const auto&) {
    return HttpReceiver::Answer{.raw = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  });
  for (int round = 0; round < 10; ++round) {
    std::vector<std::future<HttpResult>> hanging;
    for (int i = 0; i < 8; ++i) hanging.push_back(Start({.url = dead}));
    for (int i = 0; i < 8; ++i) EXPECT_EQ(Send(receiver_.Url()).error_class, "");
    for (auto& result : hanging) EXPECT_EQ(result.get().error_class, "timeout");
    for (int i = 0; i < 8; ++i) EXPECT_EQ(Send(receiver_.Url()).error_class, "");
  }
  EXPECT_EQ(receiver_.count(), 160u);
}

TEST_F(HttpSenderTest, LooksTheNameUpAgainAfterAConnectThatFailed) {
  std::atomic<bool> moved = false;
  std::atomic<int> asked = 0;
  MakeSender({.guard = *AddressGuard::Make({"127.0.0.0/8"}), .look_up = [&](const std::string&) {
                ++asked;
                return std::vector{moved ? kHealthy : *IpAddress::Parse("127.0.0.3")};
              }});
  const std::string url = "http://moves.example:" + std::to_string(receiver_.port()) + "/";
  EXPECT_EQ(Send(url).error_class, "refused");
  moved = true;
  EXPECT_EQ(Send(url).error_class, "");
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(Send(url).error_class, "");
  EXPECT_EQ(asked, 2);
}

TEST_F(HttpSenderTest, TakesNothingForAnAnswerThatCameUnasked) {
  const std::string early = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  for (const std::string& unasked :
       {early, std::string("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"),
        std::string("x")}) {
    receiver_.SetHandler([&](const auto&) { return HttpReceiver::Answer{.unasked = unasked}; });
    EXPECT_EQ(Send(receiver_.Url()).error_class, "");
    receiver_.SendUnasked();
    receiver_.SetHandler([](const auto&) {
      return HttpReceiver::Answer{.raw = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"};
    });
    EXPECT_EQ(Send(receiver_.Url()).status_code, 500);
    if (unasked == early) {
      // In the same segment.
      receiver_.SetHandler([&](const auto&) { return HttpReceiver::Answer{.raw = early + early}; });
      EXPECT_EQ(Send(receiver_.Url()).error_class, "");
    }
    receiver_.SetHandler({});
  }
}

TEST_F(HttpSenderTest, TakesNothingThatCameUnaskedHoweverTheHostIsWritten) {
  std::atomic<int> asked = 0;
  MakeSender(
      {.guard = *AddressGuard::Make({"127.0.0.0/8"}), .look_up = [&](const std::string& host) {
         EXPECT_EQ(host, "hooks.example");
         ++asked;
         return std::vector{kHealthy};
       }});
  const auto send = [&](const std::string& host) {
    return Send("http://" + host + ":" + std::to_string(receiver_.port()) + "/").status_code;
  };
  EXPECT_EQ(send("HOOKS.example"), 200);
  receiver_.SetHandler([](const auto&) {
    return HttpReceiver::Answer{.unasked = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  });
  EXPECT_EQ(send("Hooks.example"), 200);
  EXPECT_EQ(receiver_.connections(), 1) << "names are compared without regard to case";
  receiver_.SendUnasked();
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.status = 500}; });
  EXPECT_EQ(send("hooks.example"), 500);
  EXPECT_EQ(asked, 1);
}

TEST_F(HttpSenderTest, HalfAHeadIsNoAnswer) {
  for (const char* raw :
       {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 410 Gone\r\nX", "HTTP/1.1 200 OK\r\nA: b\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 20"}) {
    receiver_.SetHandler([&](const auto&) { return HttpReceiver::Answer{.raw = raw}; });
    const HttpResult result = Send(receiver_.Url());
    EXPECT_EQ(result.error_class, "transport") << raw;
    EXPECT_EQ(result.status_code, 0) << raw;
  }
}

TEST_F(HttpSenderTest, AnAnswerThatBreaksOffIsNotComplete) {
  const auto send = [&](const HttpReceiver::Answer& answer) {
    receiver_.SetHandler([answer](const auto&) { return answer; });
    HttpRequest request{.url = receiver_.Url()};
    if (answer.drip.count() > 0) request.timeout = milliseconds(200);
    const HttpResult result = Send(request);
    // There to be looked at, all the same.
    EXPECT_EQ(result.status_code, 410);
    EXPECT_EQ(result.complete(), result.error_class == "status");
    return result.error_class;
  };
  EXPECT_EQ(send({.raw = "HTTP/1.1 410 Gone\r\nContent-Length: 100\r\n\r\nx"}), "transport");
  EXPECT_EQ(send({.raw = "HTTP/1.1 410 Gone\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nxx"}),
            "transport");
  EXPECT_EQ(send({.status = 410, .headers = {"Content-Length: 100000"}, .drip = milliseconds(10)}),
            "timeout");
  EXPECT_EQ(send({.status = 410}), "status");
}

TEST_F(HttpSenderTest, RetryAfterIsOfTheAnswerAlone) {
  const auto retry_after = [&](const std::string& raw) {
    receiver_.SetHandler([&](const auto&) { return HttpReceiver::Answer{.raw = raw}; });
    const HttpResult result = Send(receiver_.Url());
    EXPECT_EQ(result.status_code, 503) << raw;
    return result.retry_after;
  };
  EXPECT_EQ(retry_after("HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
                        "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"),
            "");
  EXPECT_EQ(
      retry_after("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\nTrailer: Retry-After\r\n\r\n"
                  "1\r\nx\r\n0\r\nRetry-After: 9\r\n\r\n"),
      "");
  EXPECT_EQ(retry_after("HTTP/1.1 503 No\r\nretry-AFTER: 9\r\nContent-Length: 0\r\n\r\n"), "9");
}

TEST_F(HttpSenderTest, AReceiverThatHangsTimesOut) {
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.hang = true}; });
  const HttpResult result = Send({.url = receiver_.Url(), .timeout = milliseconds(200)});
  EXPECT_EQ(result.error_class, "timeout");
  EXPECT_EQ(result.status_code, 0);
  EXPECT_GE(result.latency, milliseconds(200));
}

TEST_F(HttpSenderTest, ABodyThatNeverEndsTimesOut) {
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.drip = milliseconds(10)}; });
  const HttpResult result = Send({.url = receiver_.Url(), .timeout = milliseconds(200)});
  EXPECT_EQ(result.error_class, "timeout");
}

TEST_F(HttpSenderTest, KeepsTheBeginningOfAHugeBodyAndReadsNoMore) {
  receiver_.SetHandler([](const auto&) {
    return HttpReceiver::Answer{.body = "begin", .filler_bytes = size_t{1} << 30};
  });
  const HttpResult result = Send(receiver_.Url());
  EXPECT_TRUE(result.ok()) << result.error_class;
  EXPECT_EQ(result.body.size(), size_t{16} << 10);
  EXPECT_TRUE(result.body.starts_with("beginf"));
}

TEST_F(HttpSenderTest, RefusesEndlessHeaders) {
  receiver_.SetHandler([](const auto&) {
    HttpReceiver::Answer answer;
    for (int i = 0; i < 2000; ++i) answer.headers.push_back("X-Filler: 0123456789");
    return answer;
  });
  EXPECT_EQ(Send(receiver_.Url()).error_class, "too_large");
}

TEST_F(HttpSenderTest, DoesNotDecompress) {
  receiver_.SetHandler([](const auto&) {
    return HttpReceiver::Answer{.headers = {"Content-Encoding: gzip"}, .body = "\x1f\x8bnot gzip"};
  });
  const HttpResult result = Send(receiver_.Url());
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.body, "\x1f\x8bnot gzip");
}

TEST_F(HttpSenderTest, AHandleThatIsReusedCarriesNothingOver) {
  receiver_.SetHandler([](const auto&) {
    return HttpReceiver::Answer{.status = 500, .headers = {"Retry-After: 5"}, .body = "old"};
  });
  Send({.url = receiver_.Url(), .headers = {{"X-Old", "1"}}});
  receiver_.SetHandler({});
  const HttpResult result = Send(receiver_.Url());
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.retry_after, "");
  EXPECT_EQ(result.body, "");
  EXPECT_EQ(receiver_.requests()[1].headers.count("x-old"), 0u);
}

TEST_F(HttpSenderTest, MayBeDestroyedWithRequestsInFlight) {
  receiver_.SetHandler([](const auto&) { return HttpReceiver::Answer{.hang = true}; });
  bool called = false;
  runner_.RunPlain([&] {
    for (int i = 0; i < 5; ++i) {
      sender_->Send({.url = receiver_.Url(), .body = std::make_shared<const std::string>("x")},
                    [&](HttpResult) { called = true; });
    }
    EXPECT_EQ(sender_->in_flight(), 5u);
  });
  ASSERT_TRUE(receiver_.WaitForCount(5));
  runner_.RunPlain([&] { sender_.reset(); });
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace gatehouse::service::delivery
