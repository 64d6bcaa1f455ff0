#include "service/delivery/endpoint_cache.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "tests/support/coroutine/loop_runner.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::service::delivery {
namespace {

using tests::HasCode;
using tests::IsOk;
using Endpoints = absl::StatusOr<std::vector<storage::Endpoint>>;

class EndpointCacheTest : public ::testing::Test {
 protected:
  storage::Endpoint MakeEndpoint(const std::string& url) {
    return {.tenant_id = tenant_,
            .id = base::Uuid::MakeV7(base::TimeFromMicros(1'800'000'000'000'000)),
            .url = url};
  }
  absl::Status Reload() {
    return runner_.Run<absl::Status>([this] { return cache_.Reload(runner_.Context(), tenant_); });
  }
  absl::Status LoadAll() {
    return runner_.Run<absl::Status>([this] { return cache_.LoadAll(runner_.Context()); });
  }
  bool IsStale(const storage::Endpoint& endpoint) {
    return cache_.IsStale({.tenant_id = endpoint.tenant_id, .endpoint_id = endpoint.id});
  }
  std::string UrlOf(const storage::Endpoint& endpoint) {
    const auto found = cache_.Find({.tenant_id = endpoint.tenant_id, .endpoint_id = endpoint.id});
    return found ? found->url : "none";
  }
  base::Task<Endpoints> Read(std::optional<base::Uuid> tenant_id) {
    ++reads_;
    if (on_read_) on_read_();
    co_return stored_;
  }

  tests::LoopRunner runner_;
  const base::Uuid tenant_ = base::kDefaultTenantId;
  Endpoints stored_ = std::vector<storage::Endpoint>();
  std::function<void()> on_read_;
  int reads_ = 0;
  EndpointCache cache_{
      [this](auto, std::optional<base::Uuid> tenant_id) { return Read(tenant_id); }};
};

TEST_F(EndpointCacheTest, HoldsWhatWasReadLast) {
  const storage::Endpoint endpoint = MakeEndpoint("first");
  EXPECT_EQ(UrlOf(endpoint), "none");
  EXPECT_EQ(cache_.stats().reads, 0u);
  stored_->push_back(endpoint);
  EXPECT_THAT(LoadAll(), IsOk());
  EXPECT_EQ(UrlOf(endpoint), "first");
  stored_->front().url = "second";
  EXPECT_THAT(Reload(), IsOk());
  EXPECT_EQ(UrlOf(endpoint), "second");
  EXPECT_EQ(cache_.stats().endpoints, 1u);
  stored_->clear();
  EXPECT_THAT(Reload(), IsOk());
  EXPECT_EQ(UrlOf(endpoint), "none");
  EXPECT_EQ(cache_.stats().endpoints, 0u);
  EXPECT_EQ(cache_.stats().hits, 2u) << "what is not there was no hit";
  EXPECT_EQ(cache_.stats().reads, 3u);
}

TEST_F(EndpointCacheTest, IsStaleUntilItIsReadAnew) {
  const storage::Endpoint endpoint = MakeEndpoint("a");
  EXPECT_FALSE(IsStale(endpoint));
  cache_.MarkStale(tenant_);
  EXPECT_TRUE(IsStale(endpoint));
  stored_ = absl::UnavailableError("no database");
  EXPECT_THAT(Reload(), HasCode(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(IsStale(endpoint));
  stored_ = std::vector<storage::Endpoint>();
  EXPECT_THAT(Reload(), IsOk());
  EXPECT_FALSE(IsStale(endpoint));
}

// However fast they come, they hold up no other endpoint, nor the reading.
TEST_F(EndpointCacheTest, AChangeWhileItIsReadCountsForItsEndpoint) {
  const storage::Endpoint busy = MakeEndpoint("busy");
  const storage::Endpoint other = MakeEndpoint("other");
  on_read_ = [&] { cache_.MarkStale(tenant_, busy.id); };
  cache_.MarkStale(tenant_, busy.id);
  cache_.MarkStale(tenant_, other.id);
  EXPECT_TRUE(IsStale(other));
  EXPECT_THAT(Reload(), IsOk());
  EXPECT_EQ(reads_, 1);
  EXPECT_TRUE(IsStale(busy));
  EXPECT_FALSE(IsStale(other));
  EXPECT_TRUE(cache_.HasStale(tenant_));
  on_read_ = {};
  EXPECT_THAT(Reload(), IsOk());
  EXPECT_FALSE(IsStale(busy));
  EXPECT_FALSE(cache_.HasStale(tenant_));
}

}  // namespace
}  // namespace gatehouse::service::delivery
