// Whose call it is, behind proxies.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gatehouse/test/echo.pb.h"
#include "rpc/echo_fixture.h"
#include "rpc/server.h"
#include "tests/support/http2/raw_client.h"

namespace gatehouse::rpc {
namespace {

using ::testing::HasSubstr;
using tests::RawClient;

constexpr char kPreface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// PROXY protocol, version 2: TCP over IPv4 from 192.0.2.`last` to 10.0.0.1.
std::string ProxyHeader(char last) {
  std::string header("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 16);
  header += std::string("\xC0\x00\x02", 3) + last;
  return header + std::string("\x0A\x00\x00\x01\x30\x39\x01\xBB", 8);
}

class ProxyTest : public EchoFixture {
 protected:
  void Trust(const std::string& networks) {
    options_.trusted_networks = *base::ParseNetworks(networks);
  }

  // What the handler takes for the caller's address.
  static std::string PeerOf(RawClient& client, uint32_t stream,
                            const RawClient::Fields& fields = {}) {
    gatehouse::test::EchoRequest request;
    request.set_text("peer");
    client.SendFrame(RawClient::kHeaders, RawClient::kEndHeaders, stream,
                     RawClient::Call(kEcho, fields));
    client.SendFrame(RawClient::kData, RawClient::kEndStream, stream,
                     RawClient::Message(request.SerializeAsString()));
    const auto data = client.ReadType(RawClient::kData, stream);
    gatehouse::test::EchoResponse response;
    if (!data || !response.ParseFromString(data->payload.substr(5))) return "no answer";
    return response.text();
  }

  static void Greet(RawClient& client) {
    client.Send(kPreface);
    client.SendFrame(RawClient::kSettings, 0, 0, "");
  }
};

TEST_F(ProxyTest, ATrustedProxySaysWhoseConnectionItIs) {
  Trust("127.0.0.0/8");
  StartServer();
  RawClient client(server_->port(), /*greet=*/false);
  client.Send(ProxyHeader(7));
  Greet(client);
  EXPECT_EQ(PeerOf(client, 1), "192.0.2.7");
  // That is no proxy, and may say what it wants.
  EXPECT_EQ(PeerOf(client, 3, {{"x-forwarded-for", "198.51.100.1"}}), "192.0.2.7");
}

TEST_F(ProxyTest, ATrustedProxySaysWhoseCallItIs) {
  Trust("127.0.0.0/8 10.0.0.0/8");
  StartServer();
  RawClient client(server_->port());
  EXPECT_EQ(PeerOf(client, 1, {{"x-forwarded-for", "198.51.100.1"}}), "198.51.100.1");
  EXPECT_EQ(PeerOf(client, 3, {{"x-forwarded-for", "1.2.3.4, 198.51.100.2, 10.0.0.1"}}),
            "198.51.100.2");
  EXPECT_EQ(PeerOf(client, 5), "127.0.0.1");
  EXPECT_EQ(PeerOf(client, 7, {{"x-forwarded-for", "nobody"}}), "127.0.0.1");
}

TEST_F(ProxyTest, AProxyMayStandBehindAnother) {
  Trust("127.0.0.0/8 192.0.2.7/32");
  StartServer();
  RawClient client(server_->port(), /*greet=*/false);
  client.Send(ProxyHeader(7));
  Greet(client);
  EXPECT_EQ(PeerOf(client, 1, {{"x-forwarded-for", "198.51.100.1"}}), "198.51.100.1");
}

TEST_F(ProxyTest, NobodyElseIsBelieved) {
  Trust("10.0.0.0/8");
  StartServer();
  RawClient client(server_->port());
  EXPECT_EQ(PeerOf(client, 1, {{"x-forwarded-for", "198.51.100.1"}}), "127.0.0.1");
  RawClient with_header(server_->port(), /*greet=*/false);
  with_header.Send(ProxyHeader(7));
  Greet(with_header);
  EXPECT_TRUE(with_header.ReadEnd());
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"protocol\"} 1\n"));
}

TEST_F(ProxyTest, AMalformedHeaderClosesTheConnection) {
  Trust("127.0.0.0/8");
  StartServer();
  RawClient client(server_->port(), /*greet=*/false);
  std::string header = ProxyHeader(7);
  header[12] = '\x11';
  client.Send(header);
  EXPECT_TRUE(client.ReadEnd());
  EXPECT_THAT(MetricsText(), HasSubstr("connections_ended_total{reason=\"proxy_header\"} 1\n"));
}

TEST_F(ProxyTest, HalfAHeaderDoesNotStay) {
  Trust("127.0.0.0/8");
  options_.handshake_timeout = std::chrono::milliseconds(100);
  StartServer();
  RawClient client(server_->port(), /*greet=*/false);
  client.Send(ProxyHeader(7).substr(0, 20));
  EXPECT_TRUE(client.ReadEnd());
}

TEST_F(ProxyTest, ConnectionsCountForThoseWhoseTheyAre) {
  Trust("127.0.0.0/8");
  options_.max_connections_per_address = 1;
  StartServer();
  RawClient first(server_->port(), /*greet=*/false);
  first.Send(ProxyHeader(7));
  Greet(first);
  EXPECT_EQ(PeerOf(first, 1), "192.0.2.7");
  RawClient other(server_->port(), /*greet=*/false);
  other.Send(ProxyHeader(8));
  Greet(other);
  EXPECT_EQ(PeerOf(other, 1), "192.0.2.8");
  RawClient second(server_->port(), /*greet=*/false);
  second.Send(ProxyHeader(7));
  Greet(second);
  EXPECT_TRUE(second.ReadEnd());
  EXPECT_THAT(MetricsText(),
              HasSubstr("connections_refused_total{reason=\"too_many_of_address\"} 1\n"));
}

}  // namespace
}  // namespace gatehouse::rpc
