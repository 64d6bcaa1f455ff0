// For how long what is a tenant's own is kept, as the operator says of each.

#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gatehouse/v1/admin.pb.h"
#include "gatehouse/v1/admin_retention.pb.h"
#include "tests/integration/admin/admin_fixture.h"
#include "tests/support/grpc_client.h"

namespace gatehouse::tests {
namespace {

using absl::StatusCode;

class RetentionPolicyTest : public AdminFixture {
 protected:
  void Configure(TestBackend::Options& options) override {
    AdminFixture::Configure(options);
    options.config.retention.events = std::chrono::days(365);
    options.config.retention.alerts = std::chrono::days(90);
    options.config.retention.messages = std::chrono::days(0);
  }

  v1::GetRetentionPolicyResponse Get() {
    const auto outcome =
        Call<v1::GetRetentionPolicyResponse>(operator_, v1::GetRetentionPolicyRequest());
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }

  static v1::UpdateRetentionPolicyRequest Change(const std::vector<std::string>& fields) {
    v1::UpdateRetentionPolicyRequest request;
    request.mutable_policy();
    for (const std::string& field : fields) request.mutable_update_mask()->add_paths(field);
    return request;
  }
  UnaryOutcome<v1::UpdateRetentionPolicyResponse> Update(
      const v1::UpdateRetentionPolicyRequest& request) {
    return Call<v1::UpdateRetentionPolicyResponse>(operator_, request);
  }
  // Of one field alone, with a value that is not allowed.
  void ExpectRefused(v1::UpdateRetentionPolicyRequest request, const std::string& field) {
    const auto outcome = Update(request);
    EXPECT_EQ(outcome.code, StatusCode::kInvalidArgument) << field;
    EXPECT_EQ(outcome.reason(), "INVALID_FIELD");
    const auto bad = outcome.Detail<google::rpc::BadRequest>();
    ASSERT_TRUE(bad) << field;
    ASSERT_EQ(bad->field_violations_size(), 1);
    EXPECT_EQ(bad->field_violations(0).field(), field);
  }
};

TEST_F(RetentionPolicyTest, WhatIsNotSaidIsAsTheInstallationIsSet) {
  Get();  // Who asks is known from here on.
  const uint64_t before = backend().statements();
  const auto found = Get();
  EXPECT_EQ(backend().statements(), before + 1);
  EXPECT_FALSE(found.policy().has_events_days());
  EXPECT_FALSE(found.policy().has_update_time());
  EXPECT_EQ(found.effective().events_days(), 365);
  EXPECT_EQ(found.effective().alerts_days(), 90);
  EXPECT_TRUE(found.effective().has_messages_days());
  EXPECT_EQ(found.effective().messages_days(), 0);
}

TEST_F(RetentionPolicyTest, IsChangedFieldByFieldWithItsEvent) {
  auto request = Change({"events_days", "messages_days"});
  request.mutable_policy()->set_events_days(730);
  request.mutable_policy()->set_messages_days(60);
  request.set_request_id(kRequestId);
  Get();
  const uint64_t before = backend().statements();
  const auto updated = Update(request);
  ASSERT_TRUE(updated.ok()) << updated.message;
  EXPECT_EQ(backend().statements(), before + 5)
      << "whether it was answered, what there is; key, event, row";
  EXPECT_EQ(updated.response.effective().events_days(), 730);
  EXPECT_EQ(updated.response.effective().messages_days(), 60);
  EXPECT_EQ(updated.response.effective().alerts_days(), 90);
  EXPECT_EQ(Get().policy().DebugString(), updated.response.policy().DebugString());
  EXPECT_EQ(Ask("SELECT details FROM gatehouse.event WHERE type = 'gatehouse.retention_updated'"),
            R"({"fields": ["events_days", "messages_days"], "events_days": 730, )"
            R"("messages_days": 60})");

  // Repeated, and said again: nothing more happens.
  EXPECT_EQ(Update(request).response.DebugString(), updated.response.DebugString());
  request.clear_request_id();
  EXPECT_EQ(Update(request).response.policy().etag(), updated.response.policy().etag());
  EXPECT_EQ(CountEvents("gatehouse.retention_updated"), "1");

  // Taken back.
  const auto taken = Update(Change({"messages_days"}));
  ASSERT_TRUE(taken.ok()) << taken.message;
  EXPECT_FALSE(taken.response.policy().has_messages_days());
  EXPECT_EQ(taken.response.policy().events_days(), 730);
  EXPECT_EQ(taken.response.effective().messages_days(), 0);
  EXPECT_EQ(CountEvents("gatehouse.retention_updated"), "2");
}

TEST_F(RetentionPolicyTest, ChecksWhatIsAsked) {
  auto few = Change({"events_days"});
  few.mutable_policy()->set_events_days(364);
  ExpectRefused(few, "policy.events_days");
  auto many = Change({"alerts_days"});
  many.mutable_policy()->set_alerts_days(36'501);
  ExpectRefused(many, "policy.alerts_days");
  auto negative = Change({"ended_sessions_days"});
  negative.mutable_policy()->set_ended_sessions_days(-1);
  ExpectRefused(negative, "policy.ended_sessions_days");
  auto promised = Change({"replays_days"});
  promised.mutable_policy()->set_replays_days(29);
  ExpectRefused(promised, "policy.replays_days");
  EXPECT_EQ(Update(Change({"attempts_days"})).reason(), "UNKNOWN_FIELD");
  EXPECT_EQ(Update(Change({})).code, StatusCode::kInvalidArgument);
  auto nobody = Change({"alerts_days"});
  nobody.set_tenant_id("0190d1f0-0000-7000-8000-0000000000ff");
  EXPECT_EQ(Update(nobody).reason(), "TENANT_NOT_FOUND");
  nobody.set_tenant_id("nonsense");
  EXPECT_EQ(Update(nobody).code, StatusCode::kInvalidArgument);
  EXPECT_EQ(CountEvents("gatehouse.retention_updated"), "0");
}

TEST_F(RetentionPolicyTest, IsGuardedByItsEtagAndCanBeTriedFirst) {
  auto request = Change({"alerts_days"});
  request.mutable_policy()->set_alerts_days(7);
  request.mutable_policy()->set_etag(Get().policy().etag());
  request.set_validate_only(true);
  const auto would = Update(request);
  ASSERT_TRUE(would.ok()) << would.message;
  EXPECT_EQ(would.response.effective().alerts_days(), 7);
  EXPECT_FALSE(Get().policy().has_alerts_days());
  request.set_validate_only(false);
  ASSERT_TRUE(Update(request).ok());
  request.mutable_policy()->set_alerts_days(8);
  EXPECT_EQ(Update(request).reason(), "ETAG_MISMATCH");
}

TEST_F(RetentionPolicyTest, NeedsTheOperatorsPermissions) {
  const Caller reader = backend().MakeApiKey({"admin.read"});
  EXPECT_TRUE(Call<v1::GetRetentionPolicyResponse>(reader, v1::GetRetentionPolicyRequest()).ok());
  EXPECT_EQ(Call<v1::UpdateRetentionPolicyResponse>(reader, Change({"alerts_days"})).reason(),
            "PERMISSION_DENIED");
  const Caller other = backend().MakeApiKey({"users.read"});
  EXPECT_EQ(Call<v1::GetRetentionPolicyResponse>(other, v1::GetRetentionPolicyRequest()).reason(),
            "PERMISSION_DENIED");
}

}  // namespace
}  // namespace gatehouse::tests
