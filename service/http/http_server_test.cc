#include "service/http/http_server.h"

#include <civetweb.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/http/routes.h"

namespace gatehouse::service::http {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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
    auto server = HttpServer::Start(
        "127.0.0.1:0",
        MakeRoutes({.ready = [this] { return ready_.load(); },
                    .keys = [](std::string_view tenant,
                               std::string_view host) { return KeysOf(tenant, host); },
                    .webhook_keys =
                        [](std::string_view id) { return id == "known" ? std::string("{}") : ""; },
                    .metrics = {&metrics_}}));
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Of a server that knows the tenant acme.
  static std::optional<TenantKeys> KeysOf(std::string_view tenant, std::string_view host) {
    if (tenant == "acme") {
      return TenantKeys{.issuer = "https://id.example.com/t/1",
                        .jwks_json = R"({"keys":[{"alg":"EdDSA"}]})"};
    }
    if (!tenant.empty()) return std::nullopt;
    EXPECT_FALSE(host.empty());
    return TenantKeys{.issuer = "https://id.example.com", .jwks_json = R"({"keys":[]})"};
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

TEST_F(HttpServerTest, ServesTheKeySetOfATenantByItsName) {
  const Reply reply = Get("/t/acme/.well-known/jwks.json");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/jwk-set+json");
  EXPECT_EQ(reply.body, R"({"keys":[{"alg":"EdDSA"}]})");
  for (const char* path :
       {"/t/nobody/.well-known/jwks.json", "/t/acme/", "/t/", "/t/acme/.well-known/jwks.json/x",
        "/t//.well-known/jwks.json", "/t/.well-known/jwks.json", "/t"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
}

TEST_F(HttpServerTest, ServesTheKeySet) {
  const Reply reply = Get("/.well-known/jwks.json");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/jwk-set+json");
  EXPECT_EQ(reply.body, "{\"keys\":[]}");
}

TEST_F(HttpServerTest, ServesTheKeysOfAnEndpointAndNothingElseBelow) {
  const Reply reply = Get("/.well-known/webhook-keys/known");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/json");
  EXPECT_EQ(reply.body, "{}");
  // One answer for all that is not there.
  const std::string missing = Get("/other").body;
  for (const std::string path : {"unknown", "", "known/", "known/more", "../known"}) {
    const Reply none = Get("/.well-known/webhook-keys/" + path);
    EXPECT_EQ(none.status, 404) << path;
    EXPECT_EQ(none.body, missing) << path;
  }
  EXPECT_EQ(Get("/.well-known/webhook-keys").status, 404);
  EXPECT_EQ(Request(server_->port(), "POST", "/.well-known/webhook-keys/known").status, 405);
}

TEST_F(HttpServerTest, ServesDiscovery) {
  for (const char* path :
       {"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}) {
    const Reply reply = Get(path);
    EXPECT_EQ(reply.status, 200) << path;
    EXPECT_EQ(reply.content_type, "application/json");
    EXPECT_THAT(reply.body,
                HasSubstr("\"jwks_uri\":\"https://id.example.com/.well-known/jwks.json\""));
  }
}

TEST_F(HttpServerTest, ServesDiscoveryOfATenantWhereEitherSpecificationLooks) {
  for (const char* path : {"/t/acme/.well-known/openid-configuration",
                           "/t/acme/.well-known/oauth-authorization-server",
                           "/.well-known/openid-configuration/t/acme",
                           "/.well-known/oauth-authorization-server/t/acme"}) {
    const Reply reply = Get(path);
    EXPECT_EQ(reply.status, 200) << path;
    EXPECT_EQ(reply.content_type, "application/json");
    EXPECT_THAT(
        reply.body,
        AllOf(HasSubstr("\"issuer\":\"https://id.example.com/t/1\""),
              HasSubstr("\"jwks_uri\":\"https://id.example.com/t/1/.well-known/jwks.json\""),
              HasSubstr("\"id_token_signing_alg_values_supported\":[\"EdDSA\"]")))
        << path;
  }
  for (const char* path :
       {"/t/nobody/.well-known/openid-configuration", "/t//.well-known/openid-configuration",
        "/.well-known/openid-configuration/t/nobody", "/.well-known/openid-configuration/t/",
        "/.well-known/openid-configuration/acme", "/.well-known/jwks.json/t/acme"}) {
    EXPECT_EQ(Get(path).status, 404) << path;
  }
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

// A connection that sends what it is told, byte for byte.
class RawConnection {
 public:
  explicit RawConnection(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 60};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawConnection() { ::close(socket_); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  void Send(const std::string& bytes) { ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  // Until the server closes.
  std::string ReadAll() {
    std::string all;
    std::array<char, 4096> buffer;
    for (ssize_t n; (n = ::recv(socket_, buffer.data(), buffer.size(), 0)) > 0;) {
      all.append(buffer.data(), static_cast<size_t>(n));
    }
    return all;
  }

 private:
  const int socket_;
};

TEST_F(HttpServerTest, SaysWhatRfc9110Wants) {
  RawConnection post(server_->port());
  post.Send("POST /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(post.ReadAll(),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n")));
  RawConnection get(server_->port());
  get.Send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(get.ReadAll(),
              ContainsRegex("\r\nDate: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} 20[0-9]{2} "
                            "[0-9]{2}:[0-9]{2}:[0-9]{2} GMT\r\n"));
  RawConnection head(server_->port());
  head.Send("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(head.ReadAll(), AllOf(HasSubstr("Content-Length: 3\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, RefusesWhatIsNoRequestOrTooLarge) {
  RawConnection garbage(server_->port());
  garbage.Send("GARBAGE\r\n\r\n");
  EXPECT_THAT(garbage.ReadAll(), StartsWith("HTTP/1.1 400 "));
  RawConnection large(server_->port());
  large.Send("GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + std::string(9000, 'x'));
  EXPECT_THAT(large.ReadAll(), StartsWith("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, ARequestMayComeInPieces) {
  RawConnection slow(server_->port());
  for (const char c : std::string("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")) slow.Send({c});
  EXPECT_THAT(slow.ReadAll(), EndsWith("\r\n\r\nok\n"));
}

// Those who hold connections do not keep others from theirs.
TEST_F(HttpServerTest, AnswersWhileOthersSendNothing) {
  std::vector<std::unique_ptr<RawConnection>> slow;
  for (int i = 0; i < 300; ++i) {
    slow.push_back(std::make_unique<RawConnection>(server_->port()));
    if (i % 2 == 0) slow.back()->Send("GET /healthz HTTP/1.1\r\nX");
  }
  EXPECT_EQ(Get("/healthz").status, 200);
  // There is room for so many, and the oldest of them went.
  EXPECT_EQ(slow.front()->ReadAll(), "");
}

TEST_F(HttpServerTest, ClosesWhatTakesTooLong) {
  const auto server =
      HttpServer::Start("127.0.0.1:0", {}, {.time = std::chrono::milliseconds(50)}).value();
  RawConnection silent(server->port());
  EXPECT_EQ(silent.ReadAll(), "");
  RawConnection half(server->port());
  half.Send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(half.ReadAll(), "");
}

}  // namespace
}  // namespace gatehouse::service::http
