#include "storage/endpoint/endpoint_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "storage/delivery/delivery_fixture.h"
#include "storage/sealing_keys.h"
#include "tests/support/postgres/postgres_cluster.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::storage {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using tests::FailsWith;
using tests::IsOk;

using EndpointStoreTest = DeliveryFixture;

TEST_F(EndpointStoreTest, SecretsAreNotReadableInTheDatabase) {
  const EndpointKey key = MakeEndpoint();
  const std::string row =
      tests::AskSql(dsn_, "SELECT encode(headers || secrets[1], 'escape') FROM gatehouse.endpoint");
  EXPECT_EQ(row.find("hidden"), std::string::npos);
  EXPECT_EQ(row.find("key-one"), std::string::npos);
  EXPECT_EQ(Get(key).endpoint.secrets.at(0).key, "key-one");
  EXPECT_EQ(Get(key).endpoint.headers.at("authorization"), "Bearer hidden");
  // Another master secret opens nothing and says nothing.
  const EndpointStore wrong(*database_, "other");
  EXPECT_THAT(Run([&](auto ctx) {
                return const_cast<EndpointStore&>(wrong).Get(ctx, kTenant, key.endpoint_id);
              }),
              FailsWith(absl::StatusCode::kInternal, base::Reason::kInternal));
}

TEST_F(EndpointStoreTest, SealsUnderANewKeyWhatIsUnderTheOneBefore) {
  const EndpointKey key = MakeEndpoint();
  const EndpointKey tuned = MakeEndpoint();
  Endpoint endpoint = Get(tuned).endpoint;
  endpoint.client_certificate = {.certificate = "certificate", .private_key = "private"};
  ASSERT_THAT(Run([&](auto ctx) {
                return endpoints_.Update(ctx, endpoint, {}, {.events = {MakeCreated()}});
              }),
              IsOk());
  const std::string version = tests::AskSql(
      dsn_, "SELECT string_agg(version::text, ' ' ORDER BY endpoint_id) FROM gatehouse.endpoint");
  const auto reseal = [&](EndpointStore& store) {
    EndpointStore::Place after;
    int64_t resealed = 0;
    for (bool more = true; more;) {
      const auto found = Run([&](auto ctx) {
        return store.Reseal(ctx, after, /*limit=*/1, {.events = {MakeCreated()}});
      });
      EXPECT_THAT(found, IsOk());
      if (!found.ok()) break;
      resealed += found->resealed;
      more = found->next.has_value();
      if (more) after = *found->next;
    }
    return resealed;
  };
  EndpointStore both(*database_, SealingKeys("new", "secret"));
  EXPECT_EQ(reseal(both), 5) << "headers and secret of both, and a client key";
  EXPECT_EQ(reseal(both), 0);
  EXPECT_EQ(tests::AskSql(dsn_,
                          "SELECT string_agg(version::text, ' ' ORDER BY endpoint_id) FROM "
                          "gatehouse.endpoint"),
            version)
      << "nobody sees a change";

  EndpointStore alone(*database_, "new");
  const auto got = Run([&](auto ctx) { return alone.Get(ctx, kTenant, tuned.endpoint_id); });
  ASSERT_THAT(got, IsOk());
  EXPECT_EQ((*got)->endpoint.client_certificate, endpoint.client_certificate);
  EXPECT_EQ((*got)->endpoint.secrets.at(0).key, "key-one");
  EXPECT_EQ((*got)->endpoint.headers.at("authorization"), "Bearer hidden");
  EXPECT_THAT(Run([&](auto ctx) { return endpoints_.Get(ctx, kTenant, key.endpoint_id); }),
              FailsWith(absl::StatusCode::kInternal, base::Reason::kInternal));
}

TEST_F(EndpointStoreTest, ATenantHasAsManyEndpointsAsTheLimitAndNoMore) {
  MakeEndpoint();
  const auto fill_up_to = [&](int64_t count) {
    tests::AskSql(
        dsn_,
        "WITH one AS (SELECT * FROM gatehouse.endpoint LIMIT 1), more AS ("
        "  INSERT INTO gatehouse.endpoint (tenant_id, endpoint_id, url, event_types, description,"
        "    headers, secrets, timeout_ms, max_in_flight, state, disabled_reason, metadata,"
        "    create_time, update_time, version)"
        "  SELECT tenant_id, gen_random_uuid(), url, event_types, description, headers, secrets,"
        "    timeout_ms, max_in_flight, state, disabled_reason, metadata, create_time,"
        "    update_time, version"
        "  FROM one, generate_series((SELECT count(*) FROM gatehouse.endpoint) + 1, " +
            std::to_string(count) + ") RETURNING 1) SELECT count(*) FROM more");
  };
  fill_up_to(EndpointStore::kMaxPerTenant - 1);
  MakeEndpoint();
  const Event created = MakeCreated();
  const Endpoint next{.tenant_id = kTenant,
                      .id = base::Uuid::MakeV7(kNow),
                      .url = "https://example.com/",
                      .create_time = kNow,
                      .update_time = kNow};
  const absl::Status refused =
      Run([&](auto ctx) { return endpoints_.Create(ctx, next, {.events = {created}}); });
  EXPECT_THAT(refused,
              FailsWith(absl::StatusCode::kResourceExhausted, base::Reason::kLimitReached));
  EXPECT_EQ(base::GetErrorDetails(refused)->quota, "endpoints of a tenant");
  EXPECT_EQ(tests::AskSql(dsn_, "SELECT count(*) FROM gatehouse.event WHERE event_id = '" +
                                    created.id.ToString() + "'"),
            "0");
}

TEST_F(EndpointStoreTest, EndpointsBeyondTheBoundAreNotRead) {
  constexpr int64_t kBytes = 50'000;
  const std::string large(kBytes, 'x');
  std::vector<EndpointKey> keys;
  for (int i = 0; i < 5; ++i) keys.push_back(MakeEndpoint());
  const Endpoint plain = Get(keys[0]).endpoint;
  const auto list = [&](int64_t max_bytes) {
    const auto page = Run([&](auto ctx) {
      return endpoints_.List(ctx, {.tenant_id = kTenant, .limit = 6, .max_bytes = max_bytes});
    });
    EXPECT_THAT(page, IsOk());
    return page.value_or(EndpointStore::Page());
  };
  // Also what is packed well, and what is shown to nobody.
  const std::map<std::string, std::function<void(Endpoint&)>> fields = {
      {"url", [&](Endpoint& to) { to.url = large; }},
      {"event_types",
       [&](Endpoint& to) { to.event_types.assign(kBytes / 100, std::string(100, 'x')); }},
      {"payload_filter", [&](Endpoint& to) { to.payload_filter = large; }},
      {"description", [&](Endpoint& to) { to.description = large; }},
      {"headers", [&](Endpoint& to) { to.headers["x"] = large; }},
      {"metadata", [&](Endpoint& to) { to.metadata_json = "{\"x\": \"" + large + "\"}"; }},
      {"ca_certificates", [&](Endpoint& to) { to.ca_certificates = large; }},
      {"client_certificate", [&](Endpoint& to) { to.client_certificate = {large, "key"}; }},
      {"client_key", [&](Endpoint& to) { to.client_certificate = {"certificate", large}; }},
  };
  for (const auto& [field, fill] : fields) {
    for (const EndpointKey& key : keys) {
      Endpoint endpoint = plain;
      endpoint.id = key.endpoint_id;
      endpoint.version = Get(key).endpoint.version;
      fill(endpoint);
      ASSERT_THAT(Run([&](auto ctx) {
                    return endpoints_.Update(ctx, endpoint, {}, {.events = {MakeCreated()}});
                  }),
                  IsOk());
    }
    const EndpointStore::Page cut = list(3 * kBytes);
    EXPECT_EQ(cut.endpoints.size(), 3u) << field;
    EXPECT_TRUE(cut.cut) << field;
    const EndpointStore::Page all = list(10 * kBytes);
    EXPECT_EQ(all.endpoints.size(), 5u) << field;
    EXPECT_FALSE(all.cut) << field;
  }
}

TEST_F(EndpointStoreTest, DisablingNeedsTheFence) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  auto disable = [&](int64_t with) {
    const Event event = MakeCreated();
    return Run([&](auto ctx) {
      return endpoints_.Disable(ctx, kTenant, key.endpoint_id, with, "gone", kNow,
                                {.events = {event}});
    });
  };
  EXPECT_THAT(disable(fence - 1), FailsWith(absl::StatusCode::kAborted, base::Reason::kConflict));
  EXPECT_THAT(disable(fence), IsOk());
  EXPECT_EQ(Get(key).endpoint.state, EndpointState::kDisabled);
  EXPECT_EQ(Get(key).endpoint.disabled_reason, "gone");
  EXPECT_THAT(disable(fence), FailsWith(absl::StatusCode::kAborted, base::Reason::kConflict));
  // A disabled endpoint is not leased by looking for work.
  EXPECT_THAT(LeaseDue(me_, {}, milliseconds(-1)), IsEmpty());
}

TEST_F(EndpointStoreTest, DeletingTakesTheCursorAndTheExceptionsAlong) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 1}},
              .exceptions = {Exception(key, 1, 1, kNow)}});
  auto remove = [&](std::optional<int64_t> version) {
    const Event event = MakeCreated();
    return Run([&](auto ctx) {
      return endpoints_.Delete(ctx, kTenant, key.endpoint_id, version, {.events = {event}});
    });
  };
  EXPECT_THAT(remove(99), FailsWith(absl::StatusCode::kAborted, base::Reason::kEtagMismatch));
  EXPECT_THAT(remove(1), IsOk());
  EXPECT_EQ(tests::AskSql(dsn_, "SELECT count(*) FROM gatehouse.webhook_exception"), "0");
  EXPECT_THAT(Flush(me_, {.progress = {{.key = key, .fence = fence, .position = 9}},
                          .attempts = {Attempt(key, 9)}}),
              IsEmpty());
  EXPECT_THAT(remove({}), FailsWith(absl::StatusCode::kNotFound, base::Reason::kEndpointNotFound));
}

TEST_F(EndpointStoreTest, EnablingAnewMakesExceptionsDue) {
  const EndpointKey key = MakeEndpoint();
  const int64_t fence = Lease(me_, key, 1).at(0).fence;
  Flush(me_, {.progress = {{.key = key,
                            .fence = fence,
                            .position = 1,
                            .next_due = kNow + std::chrono::hours(9),
                            .consecutive_failures = 7,
                            .breaker_open = true}},
              .exceptions = {Exception(key, 1, 3, kNow + std::chrono::hours(9))}});
  ASSERT_THAT(Run([&](auto ctx) {
                return store_.ReleaseLeases(
                    ctx, {{.key = key, .fence = fence, .position = 1, .done = true}});
              }),
              IsOk());
  Endpoint endpoint = Get(key).endpoint;
  endpoint.update_time = kNow;
  const Event event = MakeCreated();
  ASSERT_THAT(Run([&](auto ctx) {
                return endpoints_.Update(ctx, endpoint, {.resume = true}, {.events = {event}});
              }),
              IsOk());
  EXPECT_FALSE(Get(key).health.breaker_open);
  EXPECT_EQ(LeaseDue(me_).at(0).next_due, kNow);
  EXPECT_THAT(Run([&](auto ctx) {
                return endpoints_.Update(ctx, endpoint, {}, {.events = {MakeCreated()}});
              }),
              FailsWith(absl::StatusCode::kAborted, base::Reason::kEtagMismatch));
}

}  // namespace
}  // namespace gatehouse::storage
