#include "service/http/http_server.h"

#include <civetweb.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "service/http/routes.h"

namespace gatehouse::service::http {
namespace {

using ::testing::HasSubstr;

struct Reply {
  int status = 0;
  std::string content_type = {};
  std::string body = {};
};

Reply Request(int port, const std::string& method, const std::string& path) {
  std::array<char, 256> error = {};
  mg_connection* connection =
      mg_download("127.0.0.1", port, 0, error.data(), error.size(),
                  "%s %s HTTP/1.1\r\nHost: localhost\r\n\r\n", method.c_str(), path.c_str());
  if (connection == nullptr) {
    ADD_FAILURE() << error.data();
    return {};
  }
  Reply reply;
  reply.status = mg_get_response_info(connection)->status_code;
  if (const char* type = mg_get_header(connection, "Content-Type")) reply.content_type = type;
  if (method != "HEAD") {
    std::array<char, 4096> buffer;
    for (int n; (n = mg_read(connection, buffer.data(), buffer.size())) > 0;) {
      reply.body.append(buffer.data(), n);
    }
  }
  mg_close_connection(connection);
  return reply;
}

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    auto server = HttpServer::Start("127.0.0.1:0",
                                    MakeRoutes({.ready = [this] { return ready_.load(); },
                                                .jwks = [] { return std::string("{\"keys\":[]}"); },
                                                .metrics = {&metrics_}}));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  Reply Get(const std::string& path) { return Request(server_->port(), "GET", path); }

  std::atomic<bool> ready_ = false;
  prometheus::Registry metrics_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, TellsLiveFromReady) {
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/readyz").status, 503);
  ready_ = true;
  EXPECT_EQ(Get("/readyz").status, 200);
}

TEST_F(HttpServerTest, ServesTheKeySet) {
  const Reply reply = Get("/.well-known/jwks.json");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/jwk-set+json");
  EXPECT_EQ(reply.body, "{\"keys\":[]}");
}

TEST_F(HttpServerTest, ServesMetrics) {
  prometheus::BuildCounter().Name("things_total").Register(metrics_).Add({}).Increment();
  const Reply reply = Get("/metrics");
  EXPECT_THAT(reply.content_type, HasSubstr("version=0.0.4"));
  EXPECT_THAT(reply.body, HasSubstr("things_total 1"));
}

TEST_F(HttpServerTest, RefusesOtherPathsAndMethods) {
  EXPECT_EQ(Get("/").status, 404);
  EXPECT_EQ(Get("/healthz/more").status, 404);
  EXPECT_EQ(Get("/../etc/passwd").status, 404);
  EXPECT_EQ(Request(server_->port(), "POST", "/healthz").status, 405);
  EXPECT_EQ(Request(server_->port(), "HEAD", "/healthz").status, 200);
}

TEST_F(HttpServerTest, DoesNotStartOnAPortInUse) {
  const std::string address = "127.0.0.1:" + std::to_string(server_->port());
  const auto second = HttpServer::Start(address, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(address));
}

TEST_F(HttpServerTest, FreesItsPort) {
  const std::string address = "127.0.0.1:" + std::to_string(server_->port());
  server_.reset();
  EXPECT_TRUE(HttpServer::Start(address, {}).ok());
}

}  // namespace
}  // namespace gatehouse::service::http
