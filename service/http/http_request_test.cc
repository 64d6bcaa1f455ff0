#include "service/http/http_request.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::service::http {
namespace {

int ErrorOf(const std::string& bytes) {
  const auto request = ParseRequest(bytes);
  return request ? request->error : -1;
}

TEST(HttpRequestTest, KnowsMethodAndPath) {
  const auto request = ParseRequest("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->error, 0);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->path, "/readyz");
}

TEST(HttpRequestTest, LeavesQueryAndAuthorityOut) {
  EXPECT_EQ(ParseRequest("GET /m?a=/b HTTP/1.0\r\n\r\n")->path, "/m");
  EXPECT_EQ(ParseRequest("GET http://a:80/m?x HTTP/1.1\r\nhost:a\r\n\r\n")->path, "/m");
  EXPECT_EQ(ParseRequest("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n")->path, "/");
  EXPECT_EQ(ParseRequest("GET HTTP://a/m HTTP/1.1\r\nHost: a\r\n\r\n")->path, "/m");
  EXPECT_EQ(ParseRequest("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")->path, "*");
}

TEST(HttpRequestTest, WaitsForTheEnd) {
  const std::string whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(ParseRequest(whole.substr(0, size))) << size;
  }
}

TEST(HttpRequestTest, RefusesWhatIsMalformed) {
  for (const char* bad : {
           "\r\n\r\n",
           "GET\r\n\r\n",
           "GET /\r\n\r\n",
           "GET  HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / / HTTP/1.1\r\nHost: a\r\n\r\n",
           "G{T / HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / FTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
       }) {
    EXPECT_EQ(ErrorOf(bad), 400) << bad;
  }
  EXPECT_EQ(ErrorOf(std::string("GET / HTTP/1.1\r\nHost: \0\r\n\r\n", 27)), 400);
  EXPECT_EQ(ErrorOf("PRI * HTTP/2.0\r\n\r\n"), 505);
}

}  // namespace
}  // namespace gatehouse::service::http
