#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "service/delivery/http/address_guard.h"
#include "service/delivery/http/http_sender.h"
#include "service/delivery/webhook_engine.h"
#include "storage/delivery/delivery.h"
#include "tests/integration/webhook/engine_fixture.h"
#include "tests/support/http/test_authority.h"
#include "tests/support/http/tls_receiver.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::hours;
using storage::DeliveryState;
using ::testing::HasSubstr;
using tests::Certificate;
using tests::TestAuthority;
using tests::TlsReceiver;

constexpr char kHost[] = "hooks.example.com";
constexpr char kHostName[] = "DNS:hooks.example.com";

// A real HTTPS server, whose name leads to it, and an engine that trusts authority_.
class WebhookTlsTest : public EngineFixture {
 protected:
  WebhookTlsTest() : ca_file_(testing::TempDir() + "webhook_tls_test_ca.pem") {
    std::ofstream(ca_file_) << authority_.pem();
    options_.http.ca_file = ca_file_;
    options_.http.look_up = [](const std::string&) {
      return std::vector<IpAddress>{*IpAddress::Parse("127.0.0.1")};
    };
  }
  ~WebhookTlsTest() override { std::remove(ca_file_.c_str()); }

  // How an event's first delivery to `receiver` went, as the API tells.
  storage::Delivery DeliverTo(const TlsReceiver& receiver) {
    const EnginePtr engine = MakeEngine(options_);
    const storage::Endpoint endpoint =
        CreateEndpoint("https://" + std::string(kHost) + ":" + std::to_string(receiver.port()) +
                           "/hook?token=url-secret",
                       {"order.*"});
    Publish("order.paid");
    Step(engine);
    const std::vector<storage::Delivery> deliveries = List(endpoint);
    EXPECT_EQ(deliveries.size(), 1u);
    EXPECT_EQ(deliveries.at(0).attempts.size(), 1u);
    return deliveries.at(0);
  }

  // The client must end the handshake, having sent nothing that is for the receiver alone.
  void ExpectRefused(const Certificate& certificate) {
    const TlsReceiver receiver(certificate);
    const storage::Delivery delivery = DeliverTo(receiver);
    EXPECT_EQ(delivery.state, DeliveryState::kRetrying);
    EXPECT_EQ(delivery.attempts.at(0).error_class, "tls");
    EXPECT_EQ(delivery.attempts.at(0).status_code, 0);
    EXPECT_TRUE(receiver.WaitForConnections(1));
    EXPECT_EQ(receiver.received(), "");
  }

  const TestAuthority authority_;
  const std::string ca_file_;
  EngineOptions options_;
};

TEST_F(WebhookTlsTest, DeliversToACertificateOfATrustedAuthority) {
  const TlsReceiver receiver(authority_.Issue(kHostName));
  const storage::Delivery delivery = DeliverTo(receiver);
  EXPECT_EQ(delivery.state, DeliveryState::kSucceeded);
  EXPECT_EQ(delivery.attempts.at(0).error_class, "");
  EXPECT_EQ(delivery.attempts.at(0).status_code, 204);
  EXPECT_THAT(receiver.received(), HasSubstr("POST /hook?token=url-secret HTTP/1.1"));
  EXPECT_THAT(receiver.received(), HasSubstr("webhook-signature: v1,"));
  EXPECT_THAT(receiver.received(), HasSubstr("x-token: header-secret"));
}

TEST_F(WebhookTlsTest, RefusesASelfSignedCertificate) {
  ExpectRefused(TestAuthority::SelfSigned(kHostName));
}

TEST_F(WebhookTlsTest, RefusesACertificateOfAnotherAuthority) {
  ExpectRefused(TestAuthority().Issue(kHostName));
}

TEST_F(WebhookTlsTest, RefusesAnExpiredCertificate) {
  ExpectRefused(authority_.Issue(kHostName, -hours(2)));
}

TEST_F(WebhookTlsTest, RefusesACertificateThatIsNotYetValid) {
  ExpectRefused(authority_.Issue(kHostName, hours(2)));
}

TEST_F(WebhookTlsTest, RefusesACertificateForAnotherHost) {
  ExpectRefused(authority_.Issue("DNS:other.example.com"));
}

// The address is right, but the name is what the endpoint's owner vouched for.
TEST_F(WebhookTlsTest, RefusesACertificateForTheAddressAlone) {
  ExpectRefused(authority_.Issue("IP:127.0.0.1"));
}

TEST_F(WebhookTlsTest, TheSystemsAuthoritiesDoNotKnowOurs) {
  options_.http.ca_file.clear();
  ExpectRefused(authority_.Issue(kHostName));
}

TEST_F(WebhookTlsTest, AFileWithoutAuthoritiesIsRefusedAtOnce) {
  EXPECT_THAT(HttpSender::CheckCaFile(ca_file_), tests::IsOk());
  EXPECT_EQ(HttpSender::CheckCaFile(ca_file_ + ".none").code(),
            absl::StatusCode::kFailedPrecondition);
  std::ofstream(ca_file_) << "no certificate";
  EXPECT_EQ(HttpSender::CheckCaFile(ca_file_).code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace gatehouse::service::delivery
