#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "storage/delivery/delivery_store.h"
#include "tests/integration/webhook/webhook_service_fixture.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using std::chrono::seconds;
using storage::AttemptRecord;
using storage::DeliveryFlush;

constexpr size_t kHeadBytes = size_t{16} << 10;
// What gRPC clients take unless told otherwise; that of the tests takes anything.
constexpr size_t kMessageLimit = size_t{4} << 20;

class ListDeliveriesTest : public WebhookServiceFixture {
 protected:
  void SetUp() override {
    WebhookServiceFixture::SetUp();
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url("https://example.com/hook");
    request.mutable_endpoint()->add_event_types("order.*");
    const auto created = Call<v1::CreateEndpointResponse>(admin(), request);
    ASSERT_TRUE(created.ok()) << created.message;
    request_.set_endpoint_id(created.response.endpoint().id());
    key_ = {base::kDefaultTenantId, *Uuid::Parse(request_.endpoint_id())};
  }

  AttemptRecord Attempt(int64_t index, std::string head = "", bool ok = true) {
    return {.key = key_,
            .event_index = index,
            .attempt_id = Uuid::MakeV7(clock().Now()),
            .event_id = Uuid::MakeV7(clock().Now()),
            .event_type = "order.paid",
            .start_time = clock().Now(),
            .latency = std::chrono::milliseconds(7),
            .status_code = ok ? 200 : 500,
            .error_class = ok ? "" : "status",
            .response_head = std::move(head)};
  }

  static base::Task<absl::Status> Deliver(storage::DeliveryStore* store, base::CallContext ctx,
                                          DeliveryFlush flush) {
    const storage::EndpointKey key = flush.progress.at(0).key;
    const Uuid owner = Uuid::MakeV7(base::TimeFromMicros(1));
    auto advanced = co_await store->AdvanceFanout(
        ctx, key.tenant_id, 0, 1, {{.endpoint_id = key.endpoint_id, .created_index = 1}});
    GH_CO_RETURN_IF_ERROR(advanced.status());
    auto lease = co_await store->Lease(ctx, owner, seconds(60), {{key, 2}});
    GH_CO_RETURN_IF_ERROR(lease.status());
    flush.progress.at(0).fence = lease->at(0).fence;
    co_return (co_await store->Flush(ctx, owner, seconds(60), flush)).status();
  }
  // Writes what a deliverer of the endpoint would.
  void Write(DeliveryFlush flush) {
    flush.progress.push_back({.key = key_, .position = 1'000'000});
    const absl::Status status = backend().runner.Run<absl::Status>([&] {
      return Deliver(&backend().storage->deliveries, backend().SystemContext(), std::move(flush));
    });
    ASSERT_TRUE(status.ok()) << status;
  }

  UnaryOutcome<v1::ListDeliveriesResponse> List() {
    return Call<v1::ListDeliveriesResponse>(admin(), request_);
  }

  storage::EndpointKey key_;
  v1::ListDeliveriesRequest request_;
};

TEST_F(ListDeliveriesTest, ShowsDeliveriesNewestFirstWithTheirAttempts) {
  DeliveryFlush flush;
  for (int64_t index = 2; index <= 4; ++index) {
    flush.attempts.push_back(Attempt(index, "", /*ok=*/index != 3));
  }
  flush.exceptions.push_back({.key = key_,
                              .event_index = 3,
                              .event_id = flush.attempts[1].event_id,
                              .event_type = "order.paid",
                              .attempts = 1,
                              .due = clock().Now() + seconds(5)});
  Write(flush);
  request_.set_page_size(2);
  const auto page = List();
  ASSERT_TRUE(page.ok()) << page.message;
  ASSERT_EQ(page.response.deliveries_size(), 2);
  EXPECT_EQ(page.response.deliveries(0).event_index(), 4);
  EXPECT_EQ(page.response.deliveries(0).state(), v1::DELIVERY_STATE_SUCCEEDED);
  const v1::Delivery& failed = page.response.deliveries(1);
  EXPECT_EQ(failed.state(), v1::DELIVERY_STATE_RETRYING);
  EXPECT_TRUE(failed.has_next_attempt_time());
  ASSERT_EQ(failed.attempts_size(), 1);
  EXPECT_EQ(failed.attempts(0).number(), 1);
  EXPECT_EQ(failed.attempts(0).status_code(), 500);
  EXPECT_EQ(failed.attempts(0).error_class(), "status");
  EXPECT_EQ(failed.attempts(0).latency().nanos(), 7'000'000);
  request_.set_page_token(page.response.next_page_token());
  const auto rest = List();
  ASSERT_EQ(rest.response.deliveries_size(), 1);
  EXPECT_EQ(rest.response.next_page_token(), "");
  // A token is good for its own query alone.
  v1::CreateEndpointRequest another;
  another.mutable_endpoint()->set_url("https://example.com/another");
  another.mutable_endpoint()->add_event_types("order.*");
  const auto created = Call<v1::CreateEndpointResponse>(admin(), another);
  ASSERT_TRUE(created.ok()) << created.message;
  v1::ListDeliveriesRequest of_another = request_;
  of_another.set_endpoint_id(created.response.endpoint().id());
  EXPECT_EQ(Call<v1::ListDeliveriesResponse>(admin(), of_another).reason(), "INVALID_PAGE_TOKEN");
  request_.set_state(v1::DELIVERY_STATE_RETRYING);
  EXPECT_EQ(List().reason(), "INVALID_PAGE_TOKEN");
  request_.clear_page_token();
  EXPECT_EQ(List().response.deliveries_size(), 1);
  request_.set_endpoint_id(Uuid::MakeV7(clock().Now()).ToString());
  EXPECT_EQ(List().reason(), "ENDPOINT_NOT_FOUND");
}

TEST_F(ListDeliveriesTest, APageOfLongAnswersEndsEarly) {
  constexpr int64_t kDeliveries = 300;
  DeliveryFlush flush;
  for (int64_t index = 2; index < 2 + kDeliveries; ++index) {
    flush.attempts.push_back(Attempt(index, std::string(kHeadBytes, 'x'), /*ok=*/index % 2 == 0));
    if (index % 2 == 0) continue;
    flush.exceptions.push_back({.key = key_,
                                .event_index = index,
                                .event_id = flush.attempts.back().event_id,
                                .event_type = "order.paid",
                                .attempts = 1,
                                .due = clock().Now()});
  }
  Write(flush);
  request_.set_page_size(1000);
  for (const bool only_failed : {false, true}) {
    request_.set_state(only_failed ? v1::DELIVERY_STATE_RETRYING : v1::DELIVERY_STATE_UNSPECIFIED);
    request_.clear_page_token();
    std::vector<int64_t> seen;
    int pages = 0;
    do {
      const auto page = List();
      ASSERT_TRUE(page.ok()) << page.message;
      EXPECT_LT(page.response.ByteSizeLong(), kMessageLimit);
      ASSERT_GT(page.response.deliveries_size(), 0);
      ++pages;
      for (const v1::Delivery& delivery : page.response.deliveries()) {
        seen.push_back(delivery.event_index());
        EXPECT_EQ(delivery.attempts(0).response_head().size(), kHeadBytes);
      }
      request_.set_page_token(page.response.next_page_token());
    } while (!request_.page_token().empty());
    EXPECT_EQ(pages, only_failed ? 1 : 2);
    EXPECT_EQ(seen.size(), static_cast<size_t>(only_failed ? kDeliveries / 2 : kDeliveries));
    EXPECT_TRUE(std::ranges::is_sorted(seen, std::greater<>()));
  }
}

TEST_F(ListDeliveriesTest, OfManyAttemptsTheOlderComeWithoutTheirAnswers) {
  constexpr int kAttempts = 1000;
  // As many as make 1 MiB.
  constexpr int kShown = 64;
  DeliveryFlush flush;
  for (int i = 0; i < kAttempts; ++i) {
    clock().Advance(std::chrono::milliseconds(1));
    flush.attempts.push_back(Attempt(2, std::string(kHeadBytes, 'x'), /*ok=*/false));
  }
  for (int64_t index = 3; index <= 5; ++index) {
    flush.attempts.push_back(Attempt(index, std::string(kHeadBytes, 'x')));
  }
  Write(flush);
  const auto page = List();
  ASSERT_TRUE(page.ok()) << page.message;
  ASSERT_EQ(page.response.deliveries_size(), 4);
  EXPECT_LT(page.response.ByteSizeLong(), kMessageLimit);
  const v1::Delivery& long_one = page.response.deliveries(3);
  ASSERT_EQ(long_one.attempts_size(), kAttempts);
  for (int i = 0; i < kAttempts; ++i) {
    EXPECT_EQ(long_one.attempts(i).response_head().size(), i < kAttempts - kShown ? 0 : kHeadBytes)
        << i;
  }
}

}  // namespace
}  // namespace gatehouse::tests
