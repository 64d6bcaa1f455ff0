#include "rpc/services/health_service.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "grpc/health/v1/health.pb.h"
#include "rpc/echo_fixture.h"

namespace gatehouse::rpc {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
constexpr char kWatch[] = "/grpc.health.v1.Health/Watch";
constexpr char kService[] = "gatehouse.test.EchoService";

HealthCheckRequest RequestFor(const std::string& service) {
  HealthCheckRequest request;
  request.set_service(service);
  return request;
}

class HealthServiceTest : public EchoFixture {
 protected:
  tests::UnaryOutcome<HealthCheckResponse> Check(const std::string& service) {
    return client_->Call<HealthCheckRequest, HealthCheckResponse>(kCheck, RequestFor(service));
  }

  std::unique_ptr<tests::ClientStream> Watch(const std::string& service) {
    auto stream = client_->Open(kWatch, {.no_deadline = true});
    stream->Write(RequestFor(service).SerializeAsString());
    stream->WritesDone();
    return stream;
  }

  static HealthCheckResponse::ServingStatus Next(tests::ClientStream& stream) {
    std::string bytes;
    HealthCheckResponse response;
    EXPECT_TRUE(stream.Read(&bytes) && response.ParseFromString(bytes));
    return response.status();
  }
};

TEST_F(HealthServiceTest, ServesOnlyWhatWasSetToServe) {
  StartServer();
  EXPECT_EQ(Check("").response.status(), HealthCheckResponse::NOT_SERVING);
  health_.Set("", true);
  EXPECT_EQ(Check("").response.status(), HealthCheckResponse::SERVING);
  EXPECT_EQ(Check(kService).response.status(), HealthCheckResponse::NOT_SERVING);
  health_.SetAll(true);
  EXPECT_EQ(Check(kService).response.status(), HealthCheckResponse::SERVING);
}

TEST_F(HealthServiceTest, CheckDoesNotFindAnUnknownService) {
  StartServer();
  const auto outcome = Check("no.Such");
  EXPECT_EQ(outcome.code, absl::StatusCode::kNotFound);
  EXPECT_EQ(outcome.reason(), "SERVICE_UNKNOWN");
}

TEST_F(HealthServiceTest, WatchTellsNowAndAtEveryChange) {
  StartServer();
  auto watch = Watch(kService);
  EXPECT_EQ(Next(*watch), HealthCheckResponse::NOT_SERVING);
  for (int i = 0; i < 20; ++i) {
    health_.Set(kService, true);
    EXPECT_EQ(Next(*watch), HealthCheckResponse::SERVING);
    health_.Set(kService, false);
    EXPECT_EQ(Next(*watch), HealthCheckResponse::NOT_SERVING);
  }
}

TEST_F(HealthServiceTest, WatchAnswersForAnUnknownService) {
  StartServer();
  auto watch = Watch("no.Such");
  EXPECT_EQ(Next(*watch), HealthCheckResponse::SERVICE_UNKNOWN);
}

TEST_F(HealthServiceTest, WatchKeepsNoNameThatIsLongerThanAnyServices) {
  StartServer();
  auto watch = Watch(std::string(256, 'x'));
  EXPECT_EQ(Next(*watch), HealthCheckResponse::SERVICE_UNKNOWN);
  EXPECT_EQ(Watch(std::string(257, 'x'))->Finish().code, absl::StatusCode::kInvalidArgument);
}

TEST_F(HealthServiceTest, KnowsNoServicesButThoseOfItsBeginning) {
  StartServer();
  health_.Set("no.Such", true);
  EXPECT_EQ(Check("no.Such").reason(), "SERVICE_UNKNOWN");
}

TEST_F(HealthServiceTest, WatchersDoNotHoldTheStop) {
  StartServer();
  health_.SetAll(true);
  auto watch = Watch("");
  EXPECT_EQ(Next(*watch), HealthCheckResponse::SERVING);
  constexpr std::chrono::seconds kGrace(60);
  const auto start = std::chrono::steady_clock::now();
  health_.SetAll(false);
  server_->Shutdown({.grace = kGrace});
  EXPECT_LT(std::chrono::steady_clock::now() - start, kGrace);
  EXPECT_EQ(watch->Finish().reason(), "SHUTTING_DOWN");
}

TEST_F(HealthServiceTest, IsAnsweredUnderOverload) {
  in_flight_.unary = 0;
  StartServer();
  EXPECT_EQ(Echo("x").reason(), "SERVER_OVERLOADED");
  EXPECT_TRUE(Check("").ok());
}

}  // namespace
}  // namespace gatehouse::rpc
