// Lists of large rows: what does not fit into an answer is not read, and nothing is left out.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "storage/replay/replay_store.h"
#include "tests/integration/webhook/written_deliveries.h"

namespace gatehouse::tests {
namespace {

class WebhookListBytesTest : public WrittenDeliveries {
 protected:
  // Each with 64 event types of 100 bytes.
  void AddReplays(int count) {
    Ask("INSERT INTO gatehouse.webhook_replay (tenant_id, replay_id, endpoint_id, first_index, "
        "last_index, event_types, outcomes, max_per_second, state, failure, hold, position, "
        "paced_until, matched_count, scheduled_count, create_time, start_time, end_time, version) "
        "SELECT tenant_id, ('ffffffff-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, "
        "endpoint_id, 1, 1, array_fill(repeat('t', 100), ARRAY[64]), '{3}', 50, 3, '', 0, 1, "
        "now(), 0, 0, now(), now(), now(), 1 FROM gatehouse.endpoint, generate_series(1, " +
        std::to_string(count) + ") AS i");
  }
};

TEST_F(WebhookListBytesTest, PagesOfLargeEndpointsLeaveNoneOut) {
  std::set<std::string> all = {endpoint_id()};
  while (all.size() < 80) {
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url("https://example.com/hook");
    request.mutable_endpoint()->add_event_types("order.*");
    const auto created = Call<v1::CreateEndpointResponse>(admin(), request);
    ASSERT_TRUE(created.ok()) << created.message;
    all.insert(created.response.endpoint().id());
  }
  Ask("UPDATE gatehouse.endpoint SET ca_certificates = repeat('x', 60000)");
  v1::ListEndpointsRequest request;
  request.set_page_size(1000);
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto listed = Call<v1::ListEndpointsResponse>(admin(), request);
    ASSERT_TRUE(listed.ok()) << listed.message;
    for (const v1::Endpoint& endpoint : listed.response.endpoints()) {
      EXPECT_TRUE(seen.insert(endpoint.id()).second);
    }
    request.set_page_token(listed.response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(seen, all);
  EXPECT_EQ(pages, 2);
}

TEST_F(WebhookListBytesTest, PagesOfLargeReplaysLeaveNoneOut) {
  AddReplays(500);
  for (const std::string& of : {std::string(), endpoint_id()}) {
    v1::ListReplaysRequest request;
    request.set_endpoint_id(of);
    request.set_page_size(1000);
    std::set<std::string> seen;
    int pages = 0;
    do {
      const auto listed = Call<v1::ListReplaysResponse>(admin(), request);
      ASSERT_TRUE(listed.ok()) << listed.message;
      for (const v1::Replay& replay : listed.response.replays()) {
        EXPECT_TRUE(seen.insert(replay.id()).second);
      }
      request.set_page_token(listed.response.next_page_token());
      ++pages;
    } while (!request.page_token().empty());
    EXPECT_EQ(seen.size(), 500u) << of;
    EXPECT_EQ(pages, 2) << of;
  }
}

TEST_F(WebhookListBytesTest, ReplaysBeyondTheBoundAreNotRead) {
  constexpr int64_t kBytes = 64 * 100;
  AddReplays(10);
  storage::ReplayStore::ListQuery query{.tenant_id = base::kDefaultTenantId, .limit = 11};
  const auto list = [&](int64_t max_bytes) {
    query.max_bytes = max_bytes;
    const auto page = backend().runner.Run<absl::StatusOr<storage::ReplayStore::Page>>(
        [&] { return backend().storage->replays.List(backend().SystemContext(), query); });
    EXPECT_TRUE(page.ok()) << page.status();
    return page.value_or(storage::ReplayStore::Page());
  };
  for (const bool of_endpoint : {false, true}) {
    if (of_endpoint) query.endpoint_id = base::Uuid::Parse(endpoint_id());
    const storage::ReplayStore::Page cut = list(3 * kBytes);
    EXPECT_EQ(cut.replays.size(), 3u);
    EXPECT_TRUE(cut.cut);
    const storage::ReplayStore::Page all = list(20 * kBytes);
    EXPECT_EQ(all.replays.size(), 10u);
    EXPECT_FALSE(all.cut);
  }
}

}  // namespace
}  // namespace gatehouse::tests
