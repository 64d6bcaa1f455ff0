// Lists of large rows: what does not fit into an answer is not read.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {
namespace {

constexpr int64_t kRowBytes = 16'000;

class ListBytesTest : public SessionFixture {
 protected:
  // Does not shrink by compression, as text that repeats would.
  static std::string LargeJson() {
    return "(SELECT jsonb_build_object('x', string_agg(md5(i::text), '')) "
           "FROM generate_series(1, 500) AS i)";
  }
};

TEST_F(ListBytesTest, SessionsBeyondTheBoundAreNotRead) {
  AddUser("ada");
  std::set<std::string> all;
  for (int i = 0; i < 10; ++i) {
    clock().Advance(std::chrono::seconds(1));
    all.insert(LogIn("ada").response.session().id());
  }
  Ask("UPDATE gatehouse.session SET context = " + LargeJson() + " WHERE label = 'a test'");

  storage::SessionStore::ListQuery query{.tenant_id = base::kDefaultTenantId,
                                         .limit = 11,
                                         .max_bytes = 3 * kRowBytes,
                                         .now = clock().Now()};
  for (const std::string kind : {"all", "user", "thread"}) {
    if (kind == "user")
      query.user_id = base::Uuid::Parse(
          Ask("SELECT user_id FROM gatehouse.user_account WHERE username = 'ada'"));
    if (kind == "thread") {
      Ask("UPDATE gatehouse.session SET thread_id = 't'");
      query.user_id.reset();
      query.thread_id = "t";
    }
    const auto page = backend().runner.Run<absl::StatusOr<storage::SessionStore::Page>>(
        [&] { return backend().storage->sessions.List(backend().SystemContext(), query); });
    ASSERT_TRUE(page.ok()) << page.status();
    EXPECT_EQ(page->sessions.size(), 3u) << kind;
    EXPECT_TRUE(page->cut) << kind;
  }
  query.max_bytes = 1'000'000;
  const auto page = backend().runner.Run<absl::StatusOr<storage::SessionStore::Page>>(
      [&] { return backend().storage->sessions.List(backend().SystemContext(), query); });
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_FALSE(page->cut);
  EXPECT_GE(page->sessions.size(), all.size());
}

TEST_F(ListBytesTest, PagesOfLargeSessionsLeaveNoneOut) {
  AddUser("ada");
  LogIn("ada");
  Ask("INSERT INTO gatehouse.session SELECT tenant_id, ('ffffffff-0000-7000-8000-' || "
      "lpad(to_hex(i), 12, '0'))::uuid, user_id, generation, rotate_time, label, thread_id, " +
      LargeJson() +
      ", ip_address, user_agent, amr, auth_time, create_time, update_time, last_used_time, "
      "idle_expire_time, expire_time, revoke_time, revoke_reason, version, user_epoch FROM "
      "gatehouse.session, generate_series(1, 500) AS i WHERE label = 'a test'");
  v1::ListSessionsRequest request;
  request.set_page_size(1000);
  std::set<std::string> seen;
  int pages = 0;
  do {
    const auto listed = Call<v1::ListSessionsResponse>(admin(), request);
    ASSERT_TRUE(listed.ok()) << listed.message;
    for (const v1::Session& session : listed.response.sessions()) {
      EXPECT_TRUE(seen.insert(session.id()).second);
    }
    request.set_page_token(listed.response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(std::to_string(seen.size()), Ask("SELECT count(*) FROM gatehouse.session"));
  EXPECT_EQ(pages, 3);
}

TEST_F(ListBytesTest, UsersBeyondTheBoundAreNotRead) {
  for (int i = 0; i < 10; ++i) AddUser("ada" + std::to_string(i));
  Ask("UPDATE gatehouse.user_account SET metadata = " + LargeJson());
  using Order = storage::UserListing::Order;
  for (const Order order :
       {Order::kNewestFirst, Order::kOldestFirst, Order::kUsername, Order::kEmail}) {
    for (const bool filtered : {false, true}) {
      storage::UserListing listing{.tenant_id = base::kDefaultTenantId,
                                   .order = order,
                                   .limit = 11,
                                   .max_bytes = 3 * kRowBytes};
      if (filtered) listing.role = "viewer";
      const auto page = backend().runner.Run<absl::StatusOr<storage::UserPage>>(
          [&] { return backend().storage->users.List(backend().SystemContext(), listing); });
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_EQ(page->users.size(), 3u);
      EXPECT_TRUE(page->cut);
    }
  }
}

}  // namespace
}  // namespace gatehouse::tests
