#include "service/webhook/endpoint/endpoint_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/status.h"

namespace gatehouse::service {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

UrlPolicy LocalPolicy() {
  return {.allow_http = true, .guard = *delivery::AddressGuard::Make({"127.0.0.0/8", "::1"})};
}

// The field that is refused, and why.
std::string WhatIsWrong(const absl::Status& status) {
  const auto details = base::GetErrorDetails(status);
  if (!details || details->violations.size() != 1) return status.ToString();
  return details->violations[0].field + ": " + details->violations[0].description;
}

TEST(EndpointRulesTest, TakesOrdinaryUrls) {
  for (const char* url :
       {"https://example.com", "https://example.com/", "https://hooks.example.com:8443/a/b?c=d&e",
        "HTTPS://EXAMPLE.COM/x", "https://xn--bcher-kva.example/", "https://8.8.8.8/hook",
        "https://[2606:4700:4700::1111]:443/x", "https://example.com?x=1", "https://a.b-c.co/%20",
        "https://example.com/@user", "https://example.com/a:b"}) {
    EXPECT_TRUE(CheckEndpointUrl(url, UrlPolicy()).ok()) << url;
  }
}

TEST(EndpointRulesTest, SaysHowAHostIsToBeWritten) {
  const auto message = [](std::string_view url) {
    return std::string(CheckEndpointUrl(url, UrlPolicy()).message());
  };
  EXPECT_THAT(message("https://b\u00fccher.example/x"), HasSubstr("xn--bcher-kva.example"));
  EXPECT_THAT(message("https://b\u200bcher.example\u202e/x"), HasSubstr("not a DNS name"));
  EXPECT_THAT(message("https://example.com./x"), HasSubstr("must not end with a dot"));
  EXPECT_THAT(message("https://example.com/b\u00fccher"), HasSubstr("percent-encoded"));
}

TEST(EndpointRulesTest, RefusesUrlsThatHideWhereTheyPoint) {
  const std::string long_host = "https://" + std::string(64, 'a') + ".com/";
  const std::string long_url = "https://example.com/" + std::string(2048, 'a');
  for (const std::string& url : {std::string(),
                                 std::string("example.com"),
                                 std::string("//example.com"),
                                 std::string("http://example.com"),
                                 std::string("ftp://example.com"),
                                 std::string("file:///etc/passwd"),
                                 std::string("gopher://example.com"),
                                 std::string("javascript://example.com"),
                                 std::string("https:/example.com"),
                                 std::string("https://"),
                                 std::string("https:///path"),
                                 std::string("https://:443/"),
                                 std::string("https://user@example.com"),
                                 std::string("https://u:p@example.com"),
                                 std::string("https://@[::1]"),
                                 std::string("https://1:2@[::1]"),
                                 std::string("https://[::1]:9876"),
                                 std::string("https://[::1%lo]/"),
                                 std::string("https://::1"),
                                 std::string("https://[127.0.0.1]"),
                                 std::string("https://[0000:0000:0000:0000:0000:ffff:7f00:0001]"),
                                 std::string("https://[::1"),
                                 std::string("https://[::1]x"),
                                 std::string("https://[]"),
                                 std::string("https://2130706433/"),
                                 std::string("https://0x7f000001/"),
                                 std::string("https://0177.0.0.1/"),
                                 std::string("https://127.1/"),
                                 std::string("https://127.0.0.1/"),
                                 std::string("https://127.0.0.1./"),
                                 std::string("https://localhost/"),
                                 std::string("https://localhost./"),
                                 std::string("https://example.com./"),
                                 std::string("https://example..com/"),
                                 std::string("https://.example.com/"),
                                 std::string("https://-a.example.com/"),
                                 std::string("https://kubernetes"),
                                 std::string("https://ex ample.com/"),
                                 std::string("https://ex%61mple.com/"),
                                 std::string("https://example.com:0/"),
                                 std::string("https://example.com:65536/"),
                                 std::string("https://example.com:/"),
                                 std::string("https://example.com:8x/"),
                                 std::string("https://example.com\\@evil.com/"),
                                 std::string("https://example.com/#fragment"),
                                 std::string("https://example.com#@evil.com"),
                                 std::string("https://example.com/\r\nHost: evil"),
                                 std::string("https://example.com/\t"),
                                 std::string("https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/"),
                                 std::string("https://b\xc3\xbc"
                                             "cher.example/"),
                                 std::string("https://10.0.0.1/"),
                                 std::string("https://169.254.169.254/latest"),
                                 long_host,
                                 long_url}) {
    const absl::Status status = CheckEndpointUrl(url, UrlPolicy());
    EXPECT_TRUE(base::HasReason(status, base::Reason::kUrlNotAllowed)) << url << " " << status;
  }
}

TEST(EndpointRulesTest, TakesHttpAndLocalHostsWhereConfigured) {
  const UrlPolicy policy = LocalPolicy();
  for (const char* url : {"http://127.0.0.1:8080/hook", "http://localhost:1/", "https://[::1]/",
                          "http://receiver/hook", "http://example.com/"}) {
    EXPECT_TRUE(CheckEndpointUrl(url, policy).ok()) << url;
  }
  for (const char* url : {"http://10.0.0.1/", "http://user@127.0.0.1/", "ftp://127.0.0.1/",
                          "http://0x7f000001/", "http://127.1/", "http://[::ffff:127.0.0.1]/"}) {
    const absl::Status status = CheckEndpointUrl(url, policy);
    EXPECT_TRUE(base::HasReason(status, base::Reason::kUrlNotAllowed)) << url << " " << status;
  }
}

TEST(EndpointRulesTest, TakesOrdinaryHeaders) {
  EXPECT_TRUE(CheckEndpointHeaders({}).ok());
  EXPECT_TRUE(CheckEndpointHeaders({{"Authorization", "Bearer abc def"}, {"X-Team", "a"}}).ok());
  EXPECT_TRUE(CheckEndpointHeaders({{"x", std::string(1024, 'v')}}).ok());
}

TEST(EndpointRulesTest, RefusesHeadersThatTheServerOwns) {
  for (const char* name :
       {"webhook-id", "Webhook-Signature", "WEBHOOK-ANYTHING", "host", "Content-Length",
        "Content-Type", "transfer-encoding", "Connection", "keep-alive", "Upgrade", "te", "Trailer",
        "Expect", "Proxy-Authorization", "Accept-Encoding", "User-Agent", "X-Forwarded-For"}) {
    EXPECT_EQ(WhatIsWrong(CheckEndpointHeaders({{name, "v"}})),
              "endpoint.headers[\"" + std::string(name) + "\"]: is set by the server");
  }
  // Names that only look like them.
  for (const char* name : {"webhook", "hosts", "x-host", "prox-y", "x-forwarded", "ate", "te2"}) {
    EXPECT_TRUE(CheckEndpointHeaders({{name, "v"}}).ok()) << name;
  }
}

TEST(EndpointRulesTest, RefusesMalformedHeadersAndDoesNotRepeatValues) {
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a:"), std::string("a\r\nb"),
        std::string(65, 'a'), std::string("\xc3\xbc")}) {
    EXPECT_EQ(WhatIsWrong(CheckEndpointHeaders({{name, "v"}})),
              "endpoint.headers: a name is not an HTTP token of 1 to 64 bytes")
        << name;
  }
  EXPECT_TRUE(CheckEndpointHeaders({{std::string(64, 'a'), "v"}}).ok());
  for (const std::string& value :
       {std::string(), std::string("secret\r\nx: y"), std::string("secret\n"),
        std::string("secret\t"), std::string(" secret"), std::string("secret "),
        std::string("secret\x01"), std::string("secret\xc3\xbc"), std::string(1025, 's'),
        std::string("secret\0", 7)}) {
    const absl::Status status = CheckEndpointHeaders({{"x", value}});
    EXPECT_EQ(WhatIsWrong(status),
              "endpoint.headers[\"x\"]: must be 1 to 1,024 bytes of visible ASCII without outer "
              "spaces")
        << value;
    EXPECT_THAT(status.ToString(), Not(HasSubstr("secret")));
  }
  EXPECT_EQ(WhatIsWrong(CheckEndpointHeaders({{"X-A", "1"}, {"x-a", "2"}})),
            "endpoint.headers: holds a name twice, in different case");
  std::map<std::string, std::string> many;
  for (int i = 0; i < 16; ++i) many["x-" + std::to_string(i)] = "v";
  EXPECT_TRUE(CheckEndpointHeaders(many).ok());
  many["x-16"] = "v";
  EXPECT_EQ(WhatIsWrong(CheckEndpointHeaders(many)),
            "endpoint.headers: holds more than 16 entries");
}

TEST(EndpointRulesTest, ChecksEventPatterns) {
  for (const char* pattern :
       {"*", "user.*", "order.paid", "a.b.c.*", "a_1.b2", "INVOICE_PAID", "a.2b"}) {
    EXPECT_TRUE(CheckEventPatterns({{std::string(pattern)}}).ok()) << pattern;
  }
  for (const std::string& pattern :
       {std::string(), std::string("user."), std::string(".user"), std::string("user.**"),
        std::string("*.created"), std::string("us*"), std::string("a.*.b"), std::string("a..b"),
        std::string("a. b"), std::string(".*"), std::string("a.-b"),
        std::string(127, 'a') + ".b"}) {
    EXPECT_EQ(WhatIsWrong(CheckEventPatterns({{"*", pattern}})),
              "endpoint.event_types[1]: must be like \"session.created\", \"session.*\" or \"*\"")
        << pattern;
  }
  for (const char* pattern : {"user", "User.created", "User.*", "user.craeted", "user.cra.*"}) {
    EXPECT_EQ(WhatIsWrong(CheckEventPatterns({{"*", std::string(pattern)}})),
              "endpoint.event_types[1]: is written like a type of the server's own events, and is "
              "none: docs/event-types.md has them")
        << pattern;
  }
  for (const size_t count : {size_t{0}, size_t{65}}) {
    EXPECT_EQ(WhatIsWrong(CheckEventPatterns(std::vector<std::string>(count, "a.b"))),
              "endpoint.event_types: must hold 1 to 64 entries");
  }
  EXPECT_TRUE(CheckEventPatterns(std::vector<std::string>(64, "a.b")).ok());
}

}  // namespace
}  // namespace gatehouse::service
