#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "service/delivery/http/address_guard.h"
#include "service/delivery/http/http_sender.h"
#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/http/connect_proxy.h"
#include "tests/support/http/http2_receiver.h"
#include "tests/support/http/http_receiver.h"
#include "tests/support/http/test_authority.h"
#include "tests/support/http/tls_receiver.h"

namespace gatehouse::service::delivery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using tests::Certificate;
using tests::ConnectProxy;
using tests::Http2Receiver;
using tests::HttpReceiver;
using tests::TestAuthority;
using tests::TlsReceiver;

constexpr char kHost[] = "hooks.example.com";
constexpr char kHostName[] = "DNS:hooks.example.com";

// How connections are made, with a sender whose names mean what the test says.
class HttpTransportTest : public ::testing::Test {
 protected:
  HttpTransportTest() { MakeSender({.guard = *AddressGuard::Make({"127.0.0.0/8"})}); }
  ~HttpTransportTest() override {
    runner_.RunPlain([this] { sender_.reset(); });
  }

  void MakeSender(HttpSender::Options options) {
    options.look_up = [this, addresses = addresses_](const std::string& host) {
      ++asked_;
      std::vector<IpAddress> found;
      const auto known = addresses.find(host);
      if (known != addresses.end()) found.push_back(*IpAddress::Parse(known->second));
      return found;
    };
    Replace(std::move(options));
  }
  void Replace(HttpSender::Options options) {
    runner_.RunPlain([&] { sender_ = std::make_unique<HttpSender>(runner_.loop(), options); });
  }
  // Everything that is public leads to the proxy, which leads back here.
  void MakeProxied(const ConnectProxy& proxy, std::vector<std::string> allowed = {}) {
    MakeSender({.guard = *AddressGuard::Make(allowed), .proxy = proxy.Url()});
  }

  std::future<HttpResult> Start(HttpRequest request) {
    if (!request.body) request.body = std::make_shared<const std::string>("{}");
    auto promise = std::make_shared<std::promise<HttpResult>>();
    runner_.loop().Post([this, promise, request] {
      sender_->Send(request, [promise](HttpResult result) { promise->set_value(result); });
    });
    return promise->get_future();
  }
  HttpResult Send(const std::string& url, TransportOptions transport = {}) {
    return Start({.url = url, .transport = std::move(transport)}).get();
  }
  static std::string UrlOf(const char* scheme, uint16_t port) {
    return std::string(scheme) + "://" + kHost + ":" + std::to_string(port) + "/hook";
  }

  const TestAuthority authority_;
  std::map<std::string, std::string> addresses_ = {{kHost, "127.0.0.1"}};
  // How often the meaning of a name.
  std::atomic<int> asked_ = 0;
  tests::LoopRunner runner_;
  std::unique_ptr<HttpSender> sender_;
};

TEST_F(HttpTransportTest, AnAuthorityOfTheEndpointsOwnIsTrustedForItAlone) {
  const TlsReceiver receiver(authority_.Issue(kHostName));
  const std::string url = UrlOf("https", receiver.port());
  EXPECT_EQ(Send(url).error_class, "tls");
  EXPECT_EQ(Send(url, {.ca_certificates = TestAuthority().pem()}).error_class, "tls");
  EXPECT_EQ(Send(url, {.ca_certificates = authority_.pem()}).status_code, 204);
  // A connection that was made for others is not found.
  EXPECT_EQ(Send(url).error_class, "tls");
}

TEST_F(HttpTransportTest, AReceiverThatAsksForACertificateGetsThatOfTheEndpoint) {
  const TestAuthority clients;
  const TlsReceiver receiver(authority_.Issue(kHostName), clients.pem());
  const std::string url = UrlOf("https", receiver.port());
  const TransportOptions trusted{.ca_certificates = authority_.pem()};
  EXPECT_FALSE(Send(url, trusted).ok());
  EXPECT_EQ(receiver.received(), "");
  const auto with = [&](const Certificate& certificate) {
    TransportOptions transport = trusted;
    transport.client_certificate = certificate.certificate;
    transport.client_key = certificate.key;
    return transport;
  };
  EXPECT_FALSE(Send(url, with(TestAuthority().Issue("DNS:client"))).ok());
  EXPECT_EQ(receiver.received(), "");
  const HttpResult result = Send(url, with(clients.Issue("DNS:client")));
  EXPECT_EQ(result.status_code, 204) << result.error_class;
  EXPECT_THAT(receiver.received(), HasSubstr("POST /hook"));
}

TEST_F(HttpTransportTest, NothingThatCameUnaskedOverTlsIsAnAnswer) {
  const std::string early = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  TlsReceiver receiver(authority_.Issue(kHostName));
  const auto send = [&] {
    return Send(UrlOf("https", receiver.port()), {.ca_certificates = authority_.pem()}).status_code;
  };
  for (const std::string& unasked :
       {early, std::string("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"),
        std::string("x")}) {
    receiver.AnswerWith(early, unasked);
    EXPECT_EQ(send(), 200);
    receiver.SendUnasked();
    receiver.AnswerWith("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(send(), 500);
  }
}

TEST_F(HttpTransportTest, Http2IsSpokenOnlyWhereTheEndpointSaysSo) {
  const Http2Receiver receiver(authority_.Issue(kHostName));
  const std::string url = UrlOf("https", receiver.port());
  // It takes nothing else, and nothing else is offered.
  EXPECT_FALSE(Send(url, {.ca_certificates = authority_.pem()}).ok());
  const TransportOptions http2{.ca_certificates = authority_.pem(), .http2 = true};
  const HttpResult result = Send(url, http2);
  EXPECT_TRUE(result.ok()) << result.error_class;
  EXPECT_EQ(result.status_code, 200);
  EXPECT_EQ(result.body, "thanks");
  EXPECT_TRUE(result.certificate_expires.has_value());
  EXPECT_FALSE(Send(url, {.ca_certificates = authority_.pem()}).ok());
  ASSERT_THAT(receiver.requests(), SizeIs(1));
  EXPECT_EQ(receiver.requests()[0].path, "/hook");
  EXPECT_EQ(receiver.requests()[0].body, "{}");
}

TEST_F(HttpTransportTest, AConnectionOfHttp2CarriesOneRequestAtATime) {
  const Http2Receiver receiver(authority_.Issue(kHostName));
  const std::string url = UrlOf("https", receiver.port());
  std::vector<std::future<HttpResult>> results;
  for (int i = 0; i < 16; ++i) {
    results.push_back(
        Start({.url = url, .transport = {.ca_certificates = authority_.pem(), .http2 = true}}));
  }
  for (auto& result : results) EXPECT_TRUE(result.get().ok());
  for (const Http2Receiver::Request& request : receiver.requests()) EXPECT_EQ(request.beside, 0);
  EXPECT_THAT(receiver.requests(), SizeIs(16));
}

TEST_F(HttpTransportTest, AReceiverWithoutHttp2IsSpokenToAsBefore) {
  const TlsReceiver receiver(authority_.Issue(kHostName));
  const HttpResult result =
      Send(UrlOf("https", receiver.port()), {.ca_certificates = authority_.pem(), .http2 = true});
  EXPECT_EQ(result.status_code, 204) << result.error_class;
  EXPECT_THAT(receiver.received(), HasSubstr("POST /hook HTTP/1.1"));
}

TEST_F(HttpTransportTest, AProxyIsToldTheAddressThatWasJudged) {
  const ConnectProxy proxy;
  HttpReceiver receiver;
  addresses_[kHost] = "8.8.8.8";
  MakeProxied(proxy);
  HttpRequest request{.url = UrlOf("http", receiver.port()), .headers = {{"X-Secret", "s3cret"}}};
  const HttpResult result = Start(request).get();
  EXPECT_EQ(result.status_code, 200) << result.error_class;
  // What the proxy said of itself is none of that.
  EXPECT_EQ(result.retry_after, "");
  ASSERT_THAT(proxy.heads(), SizeIs(1));
  EXPECT_THAT(proxy.heads()[0],
              StartsWith("CONNECT 8.8.8.8:" + std::to_string(receiver.port()) + " HTTP/1.1\r\n"));
  EXPECT_THAT(proxy.heads()[0], Not(HasSubstr(kHost)));
  EXPECT_THAT(proxy.heads()[0], Not(HasSubstr("s3cret")));
  EXPECT_EQ(receiver.requests().at(0).headers.at("host"),
            std::string(kHost) + ":" + std::to_string(receiver.port()));
  EXPECT_EQ(receiver.requests().at(0).headers.at("x-secret"), "s3cret");
  // The tunnel is used again.
  EXPECT_EQ(Start(request).get().status_code, 200);
  EXPECT_THAT(proxy.heads(), SizeIs(1));
}

TEST_F(HttpTransportTest, BehindAProxyTheGuardHoldsAndTlsIsEndToEnd) {
  const ConnectProxy proxy;
  const TlsReceiver receiver(authority_.Issue(kHostName));
  const std::string url = UrlOf("https", receiver.port());
  for (const char* inside : {"10.0.0.7", "169.254.169.254", "127.0.0.1", "::1"}) {
    addresses_[kHost] = inside;
    MakeProxied(proxy);
    EXPECT_EQ(Send(url, {.ca_certificates = authority_.pem()}).error_class, "blocked") << inside;
  }
  EXPECT_EQ(Send("http://169.254.169.254/latest/meta-data").error_class, "blocked");
  addresses_.erase(kHost);
  MakeProxied(proxy);
  EXPECT_EQ(Send(url).error_class, "dns");
  EXPECT_THAT(proxy.heads(), SizeIs(0));
  addresses_[kHost] = "2001:4860:4860::8888";
  MakeProxied(proxy);
  EXPECT_EQ(Send(url).error_class, "tls");
  EXPECT_EQ(Send(url, {.ca_certificates = authority_.pem()}).status_code, 204);
  EXPECT_THAT(proxy.heads().back(), StartsWith("CONNECT [2001:4860:4860::8888]:"));
}

TEST_F(HttpTransportTest, WhatTheOperatorListedIsReachedWithoutTheProxy) {
  const ConnectProxy proxy;
  HttpReceiver receiver;
  MakeProxied(proxy, {"127.0.0.0/8"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Send(UrlOf("http", receiver.port())).status_code, 200);
    EXPECT_EQ(Send(receiver.Url()).status_code, 200);
  }
  EXPECT_THAT(proxy.heads(), SizeIs(0));
}

TEST_F(HttpTransportTest, AProxyThatRefusesOrIsAwayIsToBlame) {
  HttpReceiver receiver;
  addresses_[kHost] = "8.8.8.8";
  auto proxy = std::make_unique<ConnectProxy>();
  MakeProxied(*proxy);
  for (const int status : {403, 407, 502}) {
    proxy->Refuse(status);
    const HttpResult result = Send(UrlOf("http", receiver.port()));
    EXPECT_EQ(result.error_class, "proxy") << status;
    EXPECT_EQ(result.status_code, 0);
    EXPECT_EQ(result.retry_after, "");
  }
  proxy.reset();
  EXPECT_EQ(Send(UrlOf("http", receiver.port())).error_class, "proxy");
  EXPECT_EQ(receiver.count(), 0u);
}

// It may have moved; and the proxy asks nobody for where it is.
TEST_F(HttpTransportTest, AReceiverThatTheProxyDoesNotReachIsLookedUpAgain) {
  constexpr std::chrono::milliseconds kSoon{500};
  ConnectProxy proxy;
  HttpReceiver receiver;
  HttpReceiver late([](const auto&) { return HttpReceiver::Answer{.hang = true}; });
  for (const bool hangs : {false, true}) {
    std::atomic<bool> moved = false;
    asked_ = 0;
    Replace({.guard = *AddressGuard::Make({}),
             .look_up =
                 [&](const std::string&) {
                   ++asked_;
                   return std::vector{*IpAddress::Parse(moved ? "8.8.4.4" : "8.8.8.8")};
                 },
             .proxy = proxy.Url()});
    const std::string url = UrlOf("http", receiver.port());
    if (hangs) {
      proxy.Hang();
      EXPECT_EQ(Start({.url = url, .timeout = kSoon}).get().error_class, "timeout");
    } else {
      proxy.Refuse(502);
      EXPECT_EQ(Send(url).error_class, "proxy");
    }
    EXPECT_THAT(proxy.heads().back(), StartsWith("CONNECT 8.8.8.8:"));
    moved = true;
    proxy.Refuse(0);
    EXPECT_EQ(Send(url).status_code, 200);
    EXPECT_THAT(proxy.heads().back(), StartsWith("CONNECT 8.8.4.4:"));
    EXPECT_EQ(asked_, 2);
    // One that is there and does not answer in time has not moved.
    EXPECT_EQ(Start({.url = UrlOf("http", late.port()), .timeout = kSoon}).get().error_class,
              "timeout");
    EXPECT_EQ(Send(url).status_code, 200);
    EXPECT_EQ(asked_, 2);
  }
}

// The address may be another's by now.
TEST_F(HttpTransportTest, AReceiverWhoseCertificateIsAnothersIsLookedUpAgain) {
  const TlsReceiver another(authority_.Issue("DNS:other.example.com"));
  const TlsReceiver receiver(authority_.Issue(kHostName));
  const TransportOptions trusted{.ca_certificates = authority_.pem()};
  for (int times = 1; times <= 2; ++times) {
    EXPECT_EQ(Send(UrlOf("https", another.port()), trusted).error_class, "tls");
    EXPECT_EQ(asked_, times);
  }
  // A connection for each, and all is well.
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Send(UrlOf("https", receiver.port()), trusted).status_code, 204);
  }
  EXPECT_EQ(asked_, 3);
}

TEST_F(HttpTransportTest, AProxyGetsItsCredentialsAndTheReceiverDoesNot) {
  const ConnectProxy proxy;
  HttpReceiver receiver;
  addresses_[kHost] = "8.8.8.8";
  MakeSender({.guard = *AddressGuard::Make({}),
              .proxy = proxy.Url(),
              .proxy_credentials = "gatehouse:pa:ss"});
  EXPECT_EQ(Send(UrlOf("http", receiver.port())).status_code, 200);
  // base64 of "gatehouse:pa:ss".
  EXPECT_THAT(proxy.heads().at(0),
              HasSubstr("Proxy-Authorization: Basic Z2F0ZWhvdXNlOnBhOnNz\r\n"));
  EXPECT_EQ(receiver.requests().at(0).headers.count("proxy-authorization"), 0u);
}

TEST(HttpProxyUrlTest, OnlyAPlainHttpProxyIsOne) {
  for (const char* good :
       {"http://proxy:3128", "HTTP://proxy:3128", "http://10.0.0.1:8080", "http://[::1]:3128"}) {
    EXPECT_TRUE(HttpSender::CheckProxy(good).ok()) << good;
  }
  for (const char* bad :
       {"proxy:3128", "https://proxy:3128", "socks5://proxy:1080", "http://user:pw@proxy:3128",
        "http://proxy:3128/path", "http://", "", "http://proxy", "http://[::1]"}) {
    EXPECT_FALSE(HttpSender::CheckProxy(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace gatehouse::service::delivery
