#include <gtest/gtest.h>

#include <string>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/webhook/webhook_service_fixture.h"

namespace gatehouse::tests {
namespace {

constexpr char kRequestId[] = "01890000-0000-7000-8000-000000000001";

class PauseEndpointTest : public WebhookServiceFixture {
 protected:
  v1::Endpoint Create() {
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url("https://example.com/hook");
    request.mutable_endpoint()->add_event_types("order.*");
    const auto outcome = Call<v1::CreateEndpointResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.endpoint();
  }
  static v1::PauseEndpointRequest PauseOf(const std::string& id) {
    v1::PauseEndpointRequest request;
    request.set_endpoint_id(id);
    return request;
  }
  static v1::ResumeEndpointRequest ResumeOf(const std::string& id) {
    v1::ResumeEndpointRequest request;
    request.set_endpoint_id(id);
    return request;
  }
  UnaryOutcome<v1::PauseEndpointResponse> Pause(const std::string& id) {
    return Call<v1::PauseEndpointResponse>(admin(), PauseOf(id));
  }
  UnaryOutcome<v1::ResumeEndpointResponse> Resume(const std::string& id) {
    return Call<v1::ResumeEndpointResponse>(admin(), ResumeOf(id));
  }
  std::string UpdatesOnRecord() {
    return Ask(
        "SELECT count(*) || ' ' || coalesce(max(details::text), '') FROM gatehouse.event "
        "WHERE type = 'endpoint.updated'");
  }
};

TEST_F(PauseEndpointTest, PausesOnceAndResumesOnce) {
  const v1::Endpoint created = Create();
  const int before = changes_;
  const auto paused = Pause(created.id());
  ASSERT_TRUE(paused.ok()) << paused.message;
  EXPECT_EQ(paused.response.endpoint().state(), v1::ENDPOINT_STATE_PAUSED);
  EXPECT_EQ(UpdatesOnRecord(), "1 {\"fields\": [\"state\"]}");
  EXPECT_EQ(changes_, before + 1);
  const auto again = Pause(created.id());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.response.DebugString(), paused.response.DebugString());
  EXPECT_EQ(UpdatesOnRecord(), "1 {\"fields\": [\"state\"]}");
  EXPECT_EQ(changes_, before + 1);

  const auto resumed = Resume(created.id());
  ASSERT_TRUE(resumed.ok()) << resumed.message;
  EXPECT_EQ(resumed.response.endpoint().state(), v1::ENDPOINT_STATE_ENABLED);
  EXPECT_TRUE(Resume(created.id()).ok());
  EXPECT_EQ(UpdatesOnRecord(), "2 {\"fields\": [\"state\"]}");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e JOIN gatehouse.endpoint p "
                "ON e.xid = p.xmin::text::xid8 WHERE e.type = 'endpoint.updated'"),
            "1");
}

TEST_F(PauseEndpointTest, ResumingADisabledEndpointStartsItsHealthAnew) {
  const v1::Endpoint created = Create();
  Ask("UPDATE gatehouse.endpoint SET state = 3, disabled_reason = 'gone' RETURNING 1");
  Ask("UPDATE gatehouse.endpoint_delivery SET breaker_open = true, consecutive_failures = 9 "
      "RETURNING 1");
  const auto resumed = Resume(created.id());
  ASSERT_TRUE(resumed.ok()) << resumed.message;
  EXPECT_EQ(resumed.response.endpoint().state(), v1::ENDPOINT_STATE_ENABLED);
  EXPECT_EQ(resumed.response.endpoint().disabled_reason(), "");
  EXPECT_FALSE(resumed.response.endpoint().health().breaker_open());
  EXPECT_EQ(Ask("SELECT breaker_open || ' ' || consecutive_failures "
                "FROM gatehouse.endpoint_delivery"),
            "false 0");
}

TEST_F(PauseEndpointTest, RepetitionsEtagsAndValidation) {
  const v1::Endpoint created = Create();
  v1::PauseEndpointRequest pause = PauseOf(created.id());
  pause.set_validate_only(true);
  const auto checked = Call<v1::PauseEndpointResponse>(admin(), pause);
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked.response.endpoint().state(), v1::ENDPOINT_STATE_PAUSED);
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.endpoint"), "1");
  pause.clear_validate_only();
  pause.set_etag("\"99\"");
  EXPECT_EQ(Call<v1::PauseEndpointResponse>(admin(), pause).reason(), "ETAG_MISMATCH");
  pause.set_etag(created.etag());
  pause.set_request_id(kRequestId);
  const auto paused = Call<v1::PauseEndpointResponse>(admin(), pause);
  ASSERT_TRUE(paused.ok()) << paused.message;
  // The retry of a pause that comes after the end of the pause does not pause anew.
  ASSERT_TRUE(Resume(created.id()).ok());
  const auto again = Call<v1::PauseEndpointResponse>(admin(), pause);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.DebugString(), paused.response.DebugString());
  EXPECT_EQ(Ask("SELECT state FROM gatehouse.endpoint"), "1");
}

TEST_F(PauseEndpointTest, IsForThoseOfTheTenantWhoMayWriteEndpoints) {
  const std::string id = Create().id();
  const Caller reader = backend().MakeApiKey({"endpoints.read"});
  EXPECT_EQ(Call<v1::PauseEndpointResponse>(reader, PauseOf(id)).code,
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Call<v1::ResumeEndpointResponse>(reader, ResumeOf(id)).code,
            absl::StatusCode::kPermissionDenied);
  const Caller foreigner =
      backend().MakeApiKey({"endpoints.write"}, base::Uuid::MakeV7(clock().Now()));
  EXPECT_EQ(Call<v1::PauseEndpointResponse>(foreigner, PauseOf(id)).reason(), "ENDPOINT_NOT_FOUND");
  EXPECT_EQ(Call<v1::ResumeEndpointResponse>(foreigner, ResumeOf(id)).reason(),
            "ENDPOINT_NOT_FOUND");
  EXPECT_EQ(Pause("x").reason(), "INVALID_FIELD");
  EXPECT_EQ(UpdatesOnRecord(), "0 ");
}

}  // namespace
}  // namespace gatehouse::tests
