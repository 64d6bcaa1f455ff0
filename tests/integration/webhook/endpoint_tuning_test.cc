#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/async/mutex.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "google/rpc/error_details.pb.h"
#include "tests/integration/webhook/written_deliveries.h"
#include "tests/support/http/test_authority.h"

namespace gatehouse::tests {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using storage::DeliveryState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// What the API says of how an endpoint is sent to, and in which order. What the engine does with it
// is in webhook_pace_test.cc and webhook_order_test.cc.
class EndpointTuningTest : public WrittenDeliveries {
 protected:
  void Configure(TestBackend::Options& options) override {
    WrittenDeliveries::Configure(options);
    options.check_backlog = [this](const base::Uuid&, std::optional<base::Duration> max_age) {
      const base::MutexLock lock(mutex_);
      asked_.push_back(max_age);
      return behind_;
    };
  }

  UnaryOutcome<v1::UpdateEndpointResponse> Update(const v1::Endpoint& endpoint,
                                                  const std::vector<std::string>& paths) {
    v1::UpdateEndpointRequest request;
    request.set_endpoint_id(endpoint_id());
    *request.mutable_endpoint() = endpoint;
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call<v1::UpdateEndpointResponse>(admin(), request);
  }
  v1::Endpoint Read() {
    v1::GetEndpointRequest request;
    request.set_endpoint_id(endpoint_id());
    return Call<v1::GetEndpointResponse>(admin(), request).response.endpoint();
  }
  template <typename T>
  static std::vector<std::string> FieldsOf(const UnaryOutcome<T>& outcome) {
    std::vector<std::string> fields;
    const auto bad = outcome.template Detail<google::rpc::BadRequest>();
    if (!bad) return fields;
    for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
    return fields;
  }
  std::string PublishKeyed(const std::string& key) {
    v1::PublishEventRequest request;
    request.set_type("order.paid");
    request.set_ordering_key(key);
    const auto outcome = Call<v1::PublishEventResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    Sequence();
    return outcome.response.event_id();
  }
  v1::ExplainDeliveryResponse Explain(const std::string& event_id) {
    v1::ExplainDeliveryRequest request;
    request.set_endpoint_id(endpoint_id());
    request.set_event_id(event_id);
    const auto outcome = Call<v1::ExplainDeliveryResponse>(admin(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }

  void SetBehind(absl::Status behind) {
    const base::MutexLock lock(mutex_);
    behind_ = std::move(behind);
  }
  std::vector<std::optional<base::Duration>> asked() {
    const base::MutexLock lock(mutex_);
    return asked_;
  }

 private:
  // The server's loop asks.
  base::Mutex mutex_;
  absl::Status behind_ GH_GUARDED_BY(mutex_);
  std::vector<std::optional<base::Duration>> asked_ GH_GUARDED_BY(mutex_);
};

TEST_F(EndpointTuningTest, RateAndScheduleAreKeptAsTheyWereSet) {
  v1::Endpoint endpoint;
  endpoint.set_max_per_second(2.5);
  endpoint.mutable_retry_schedule()->add_delays()->set_seconds(10);
  endpoint.mutable_retry_schedule()->add_delays()->set_seconds(3600);
  endpoint.set_http2(true);
  const std::vector<std::string> all = {"max_per_second", "max_burst", "retry_schedule", "http2"};
  const auto set = Update(endpoint, all);
  ASSERT_TRUE(set.ok()) << set.message;
  EXPECT_EQ(set.response.endpoint().max_burst(), 3);
  const v1::Endpoint read = Read();
  EXPECT_EQ(read.max_per_second(), 2.5);
  EXPECT_EQ(read.max_burst(), 3);
  EXPECT_TRUE(read.http2());
  ASSERT_EQ(read.retry_schedule().delays_size(), 2);
  EXPECT_EQ(read.retry_schedule().delays(1).seconds(), 3600);
  EXPECT_EQ(ServerFixture::Ask(
                "SELECT details->>'fields' FROM gatehouse.event WHERE type = 'endpoint.updated'"),
            "[\"max_per_second\", \"max_burst\", \"retry_schedule\", \"http2\"]");
  // What it was is nothing to change.
  EXPECT_TRUE(Update(read, all).ok());
  EXPECT_EQ(CountEvents("endpoint.updated"), "1");
  // A burst that nobody set follows the rate; one that was set stays.
  endpoint.set_max_per_second(9.1);
  EXPECT_EQ(Update(endpoint, {"max_per_second"}).response.endpoint().max_burst(), 10);
  endpoint.set_max_burst(77);
  EXPECT_EQ(Update(endpoint, {"max_burst"}).response.endpoint().max_burst(), 77);
  endpoint.set_max_per_second(1);
  EXPECT_EQ(Update(endpoint, {"max_per_second"}).response.endpoint().max_burst(), 77);
  // None of all that, and a schedule without retries.
  v1::Endpoint none;
  none.mutable_retry_schedule();
  ASSERT_TRUE(Update(none, all).ok());
  EXPECT_EQ(Read().max_per_second(), 0);
  EXPECT_EQ(Read().max_burst(), 0);
  EXPECT_TRUE(Read().has_retry_schedule());
  EXPECT_EQ(Read().retry_schedule().delays_size(), 0);
  ASSERT_TRUE(Update(v1::Endpoint(), {"retry_schedule"}).ok());
  EXPECT_FALSE(Read().has_retry_schedule());
}

TEST_F(EndpointTuningTest, EachFieldHasItsBounds) {
  const auto refused = [&](const std::string& path, auto change) {
    v1::Endpoint endpoint;
    change(endpoint);
    const auto outcome = Update(endpoint, {path});
    EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument) << path;
    return FieldsOf(outcome);
  };
  for (const double rate : {-1.0, 0.001, 1'001.0}) {
    EXPECT_THAT(refused("max_per_second", [&](auto& e) { e.set_max_per_second(rate); }),
                ElementsAre("endpoint.max_per_second"));
  }
  // There is no rate that it could belong to.
  EXPECT_THAT(refused("max_burst", [](auto& e) { e.set_max_burst(5); }),
              ElementsAre("endpoint.max_burst"));
  EXPECT_THAT(refused("max_burst", [](auto& e) { e.set_max_burst(1'001); }),
              ElementsAre("endpoint.max_burst"));
  EXPECT_THAT(
      refused("retry_schedule",
              [](auto& e) {
                e.mutable_retry_schedule()->add_delays()->set_nanos(999'000'000);
                e.mutable_retry_schedule()->add_delays()->set_seconds(60);
                e.mutable_retry_schedule()->add_delays()->set_seconds(3 * 86'400);
              }),
      ElementsAre("endpoint.retry_schedule.delays[0]", "endpoint.retry_schedule.delays[2]"));
  EXPECT_THAT(refused("retry_schedule",
                      [](auto& e) {
                        for (int i = 0; i < 21; ++i) {
                          e.mutable_retry_schedule()->add_delays()->set_seconds(60);
                        }
                      }),
              ElementsAre("endpoint.retry_schedule.delays"));
  EXPECT_THAT(refused("retry_schedule",
                      [](auto& e) {
                        for (int i = 0; i < 8; ++i) {
                          e.mutable_retry_schedule()->add_delays()->set_seconds(2 * 86'400);
                        }
                      }),
              ElementsAre("endpoint.retry_schedule.delays"));
  EXPECT_THAT(refused("ca_certificates", [](auto& e) { e.set_ca_certificates("no PEM"); }),
              ElementsAre("endpoint.ca_certificates"));
}

TEST_F(EndpointTuningTest, ACertificateIsShownAndItsKeyIsNot) {
  const TestAuthority authority;
  // The server's clock stands at the beginning of 2026.
  const auto until_then =
      std::chrono::duration_cast<seconds>(clock().Now() - base::SystemClock().Now());
  const Certificate certificate = authority.Issue("DNS:client", until_then);
  v1::Endpoint endpoint;
  endpoint.mutable_client_certificate()->set_certificate(certificate.certificate);
  endpoint.mutable_client_certificate()->set_private_key(certificate.key);
  endpoint.set_ca_certificates(authority.pem());
  const std::vector<std::string> both = {"client_certificate", "ca_certificates"};
  const auto set = Update(endpoint, both);
  ASSERT_TRUE(set.ok()) << set.message;
  const v1::Endpoint read = Read();
  EXPECT_EQ(read.client_certificate().certificate(), certificate.certificate);
  EXPECT_EQ(read.client_certificate().private_key(), "");
  EXPECT_NEAR(static_cast<double>(read.client_certificate().expire_time().seconds()),
              static_cast<double>(base::ToMicros(clock().Now()) / 1'000'000 + 1'800), 60);
  EXPECT_EQ(read.ca_certificates(), authority.pem());
  EXPECT_EQ(ServerFixture::Ask("SELECT count(*) FROM gatehouse.endpoint "
                               "WHERE position('PRIVATE'::bytea IN client_key) > 0 "
                               "OR client_certificate LIKE '%PRIVATE%'"),
            "0");
  EXPECT_EQ(
      ServerFixture::Ask("SELECT count(*) FROM gatehouse.event e WHERE e::text LIKE '%PRIVATE%'"),
      "0");
  // As it was read, it stays.
  EXPECT_TRUE(Update(read, both).ok());
  EXPECT_EQ(CountEvents("endpoint.updated"), "1");
  EXPECT_TRUE(Update(v1::Endpoint(), both).ok());
  EXPECT_FALSE(Read().has_client_certificate());
  EXPECT_EQ(Read().ca_certificates(), "");
  EXPECT_EQ(ServerFixture::Ask("SELECT client_key IS NULL FROM gatehouse.endpoint"), "t");
}

TEST_F(EndpointTuningTest, ACertificateThatCannotWorkIsRefusedAtOnce) {
  const TestAuthority authority;
  const auto shift = std::chrono::duration_cast<seconds>(clock().Now() - base::SystemClock().Now());
  const Certificate good = authority.Issue("DNS:client", shift);
  const Certificate expired = authority.Issue("DNS:client", shift - hours(2));
  const Certificate other = authority.Issue("DNS:client", shift);
  const auto refused = [&](const std::string& certificate, const std::string& key) {
    v1::Endpoint endpoint;
    endpoint.mutable_client_certificate()->set_certificate(certificate);
    endpoint.mutable_client_certificate()->set_private_key(key);
    const auto outcome = Update(endpoint, {"client_certificate"});
    EXPECT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.message.find("BEGIN"), std::string::npos);
    return FieldsOf(outcome);
  };
  const std::string field = "endpoint.client_certificate.";
  EXPECT_THAT(refused(expired.certificate, expired.key), ElementsAre(field + "certificate"));
  EXPECT_THAT(refused("nothing", good.key), ElementsAre(field + "certificate"));
  EXPECT_THAT(refused(good.certificate + good.key, good.key), ElementsAre(field + "certificate"));
  EXPECT_THAT(refused(good.certificate, other.key), ElementsAre(field + "private_key"));
  EXPECT_THAT(refused(good.certificate, "nothing"), ElementsAre(field + "private_key"));
  EXPECT_THAT(refused(good.certificate, ""), ElementsAre(field + "private_key"));
}

TEST_F(EndpointTuningTest, AKeyThatWasSealedForAnotherEndpointDoesNotOpen) {
  const TestAuthority authority;
  const auto shift = std::chrono::duration_cast<seconds>(clock().Now() - base::SystemClock().Now());
  const Certificate certificate = authority.Issue("DNS:client", shift);
  v1::Endpoint endpoint;
  endpoint.mutable_client_certificate()->set_certificate(certificate.certificate);
  endpoint.mutable_client_certificate()->set_private_key(certificate.key);
  ASSERT_TRUE(Update(endpoint, {"client_certificate"}).ok());
  const std::string from = endpoint_id();
  CreateOwnEndpoint();
  ServerFixture::Ask(
      "UPDATE gatehouse.endpoint SET client_key = (SELECT client_key FROM "
      "gatehouse.endpoint WHERE endpoint_id = '" +
      from + "') WHERE endpoint_id = '" + endpoint_id() + "' RETURNING 1");
  v1::GetEndpointRequest request;
  request.set_endpoint_id(endpoint_id());
  EXPECT_EQ(Call<v1::GetEndpointResponse>(admin(), request).code, absl::StatusCode::kInternal);
}

TEST_F(EndpointTuningTest, APreviewShowsTheSchedule) {
  v1::PreviewEventRequest request;
  request.set_type("order.paid");
  EXPECT_EQ(Call<v1::PreviewEventResponse>(admin(), request).response.retry_delays_size(), 9);
  v1::Endpoint endpoint;
  endpoint.mutable_retry_schedule()->add_delays()->set_seconds(7);
  ASSERT_TRUE(Update(endpoint, {"retry_schedule"}).ok());
  request.set_endpoint_id(endpoint_id());
  const auto preview = Call<v1::PreviewEventResponse>(admin(), request);
  ASSERT_EQ(preview.response.retry_delays_size(), 1) << preview.message;
  EXPECT_EQ(preview.response.retry_delays(0).seconds(), 7);
}

TEST_F(EndpointTuningTest, AnOrderingKeyIsTheTargetOfItsEventAndNotInItsBody) {
  const std::string id = PublishKeyed("order-7");
  EXPECT_EQ(ServerFixture::Ask("SELECT targets FROM gatehouse.event WHERE event_id = '" + id + "'"),
            "[{\"id\": \"order-7\", \"type\": \"ordering_key\", \"label\": \"\"}]");
  v1::BatchPublishEventsRequest batch;
  for (const char* key : {"a", "", "b"}) {
    batch.add_events()->set_type("order.paid");
    batch.mutable_events(batch.events_size() - 1)->set_ordering_key(key);
  }
  ASSERT_TRUE(Call<v1::BatchPublishEventsResponse>(admin(), batch).ok());
  EXPECT_EQ(ServerFixture::Ask("SELECT string_agg(coalesce(targets->0->>'id', '-'), ' ' ORDER BY "
                               "event_id) FROM gatehouse.event WHERE type = 'order.paid' AND "
                               "event_id <> '" +
                               id + "'"),
            "a - b");
  v1::PublishEventRequest request;
  request.set_type("order.paid");
  request.set_ordering_key(std::string(129, 'k'));
  EXPECT_THAT(FieldsOf(Call<v1::PublishEventResponse>(admin(), request)),
              ElementsAre("ordering_key"));
  batch.mutable_events(1)->set_ordering_key(std::string(129, 'k'));
  EXPECT_THAT(FieldsOf(Call<v1::BatchPublishEventsResponse>(admin(), batch)),
              ElementsAre("events[1].ordering_key"));
  v1::PreviewEventRequest preview;
  preview.set_event_id(id);
  EXPECT_THAT(Call<v1::PreviewEventResponse>(admin(), preview).response.body(),
              Not(HasSubstr("order-7")));
}

TEST_F(EndpointTuningTest, ExplainsWhatIsBehindAnotherOfItsKey) {
  const std::string first = PublishKeyed("a");
  const std::string second = PublishKeyed("a");
  const std::string other = PublishKeyed("b");
  // All of them wait for their first attempts.
  EXPECT_EQ(Explain(first).reason(), v1::DELIVERY_REASON_BEING_SENT);
  const v1::ExplainDeliveryResponse waiting = Explain(second);
  EXPECT_EQ(waiting.reason(), v1::DELIVERY_REASON_ORDER);
  EXPECT_EQ(waiting.behind_event_id(), first);
  EXPECT_EQ(Explain(other).reason(), v1::DELIVERY_REASON_BEING_SENT);
  // The first one has failed, and the second one is held.
  WriteAttempts(first, 2, DeliveryState::kRetrying);
  ServerFixture::Ask("UPDATE gatehouse.webhook_exception SET ordering_key = 'a' RETURNING 1");
  EXPECT_EQ(Explain(first).reason(), v1::DELIVERY_REASON_RETRY_SCHEDULED);
  ServerFixture::Ask(
      "INSERT INTO gatehouse.webhook_exception (tenant_id, endpoint_id, event_index, event_id, "
      "event_type, attempts, due, state, ordering_key) SELECT x.tenant_id, x.endpoint_id, o.index, "
      "o.event_id, o.type, 0, 'infinity', 2, 'a' FROM gatehouse.webhook_exception x, "
      "gatehouse.event_order o WHERE o.event_id = '" +
      second + "' RETURNING 1");
  const v1::ExplainDeliveryResponse held = Explain(second);
  EXPECT_EQ(held.reason(), v1::DELIVERY_REASON_ORDER);
  EXPECT_EQ(held.behind_event_id(), first);
  EXPECT_FALSE(held.has_next_attempt_time());
  EXPECT_EQ(held.delivery().state(), v1::DELIVERY_STATE_RETRYING);
  EXPECT_FALSE(held.delivery().has_next_attempt_time());
  // It comes by itself.
  v1::RedeliverEventRequest redeliver;
  redeliver.set_endpoint_id(endpoint_id());
  redeliver.set_event_id(second);
  EXPECT_EQ(Call<v1::RedeliverEventResponse>(admin(), redeliver).reason(), "DELIVERY_PENDING");
  v1::PauseEndpointRequest pause;
  pause.set_endpoint_id(endpoint_id());
  ASSERT_TRUE(Call<v1::PauseEndpointResponse>(admin(), pause).ok());
  EXPECT_EQ(Explain(second).reason(), v1::DELIVERY_REASON_ENDPOINT_PAUSED);
}

TEST_F(EndpointTuningTest, ExplainsWhatTheRateHoldsBack) {
  v1::Endpoint endpoint;
  endpoint.set_max_per_second(0.1);
  ASSERT_TRUE(Update(endpoint, {"max_per_second"}).ok());
  Sequence();
  const std::string id = Publish("order.paid");
  Sequence();
  EXPECT_EQ(Explain(id).reason(), v1::DELIVERY_REASON_BEING_SENT);
  ServerFixture::Ask("UPDATE gatehouse.endpoint_delivery SET paced_until = to_timestamp(" +
                     std::to_string(base::ToMicros(clock().Now()) / 1'000'000 + 9) +
                     ") RETURNING 1");
  const v1::ExplainDeliveryResponse limited = Explain(id);
  EXPECT_EQ(limited.reason(), v1::DELIVERY_REASON_RATE_LIMITED);
  EXPECT_EQ(limited.next_attempt_time().seconds(), base::ToMicros(clock().Now()) / 1'000'000 + 9);
  // What was written long ago says nothing any more.
  clock().Advance(seconds(11));
  EXPECT_EQ(Explain(id).reason(), v1::DELIVERY_REASON_BEING_SENT);
}

TEST_F(EndpointTuningTest, WhoeverAsksIsNotLetFurtherAhead) {
  v1::PublishEventRequest request;
  request.set_type("order.paid");
  ASSERT_TRUE(Call<v1::PublishEventResponse>(admin(), request).ok());
  SetBehind(
      base::MakeError(absl::StatusCode::kResourceExhausted, "behind",
                      {.reason = base::Reason::kDeliveriesBehind, .retry_after = seconds(5)}));
  request.mutable_max_backlog_age()->set_seconds(30);
  request.set_request_id("11111111-1111-4111-8111-111111111111");
  const auto refused = Call<v1::PublishEventResponse>(admin(), request);
  EXPECT_EQ(refused.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(refused.reason(), "DELIVERIES_BEHIND");
  const auto retry = refused.Detail<google::rpc::RetryInfo>();
  ASSERT_TRUE(retry.has_value());
  EXPECT_EQ(retry->retry_delay().seconds(), 5);
  EXPECT_EQ(CountEvents("order.paid"), "1");
  v1::BatchPublishEventsRequest batch;
  batch.add_events()->set_type("order.paid");
  EXPECT_EQ(Call<v1::BatchPublishEventsResponse>(admin(), batch).reason(), "DELIVERIES_BEHIND");
  EXPECT_THAT(asked(),
              ElementsAre(std::nullopt, std::optional<base::Duration>(seconds(30)), std::nullopt));
  // Whoever only validates has nothing to wait for.
  request.set_validate_only(true);
  EXPECT_TRUE(Call<v1::PublishEventResponse>(admin(), request).ok());
  request.set_validate_only(false);
  // Nothing was published, so the request_id is free.
  SetBehind(absl::OkStatus());
  EXPECT_TRUE(Call<v1::PublishEventResponse>(admin(), request).ok());
  EXPECT_EQ(CountEvents("order.paid"), "2");
  const auto ask_for = [&](milliseconds age) {
    request.clear_request_id();
    request.mutable_max_backlog_age()->set_seconds(age / seconds(1));
    request.mutable_max_backlog_age()->set_nanos(age % seconds(1) / std::chrono::nanoseconds(1));
    return Call<v1::PublishEventResponse>(admin(), request);
  };
  for (const milliseconds age :
       {milliseconds(49), milliseconds(-1), milliseconds(hours(366 * 24))}) {
    EXPECT_THAT(FieldsOf(ask_for(age)), ElementsAre("max_backlog_age"));
  }
  EXPECT_TRUE(ask_for(milliseconds(50)).ok());
  EXPECT_EQ(asked().back(), milliseconds(50));
  EXPECT_TRUE(ask_for(milliseconds(0)).ok());
}

}  // namespace
}  // namespace gatehouse::tests
