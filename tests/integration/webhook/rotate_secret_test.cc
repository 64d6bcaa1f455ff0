#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/text/encoding.h"
#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "storage/endpoint/endpoint_store.h"
#include "tests/integration/webhook/webhook_service_fixture.h"

namespace gatehouse::tests {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::StartsWith;

constexpr char kRequestId[] = "01890000-0000-7000-8000-000000000001";
constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class RotateSecretTest : public WebhookServiceFixture {
 protected:
  v1::CreateEndpointResponse Create() {
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url("https://example.com/hook");
    request.mutable_endpoint()->add_event_types("order.*");
    const auto outcome = Call<v1::CreateEndpointResponse>(keeper(), request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response;
  }
  static v1::RotateSecretRequest Rotation(const std::string& id,
                                          std::optional<int64_t> overlap_seconds = {}) {
    v1::RotateSecretRequest request;
    request.set_endpoint_id(id);
    if (overlap_seconds) request.mutable_overlap()->set_seconds(*overlap_seconds);
    return request;
  }
  UnaryOutcome<v1::RotateSecretResponse> Rotate(const v1::RotateSecretRequest& request) {
    return Call<v1::RotateSecretResponse>(keeper(), request);
  }
  v1::Endpoint Get(const std::string& id) {
    v1::GetEndpointRequest request;
    request.set_endpoint_id(id);
    return Call<v1::GetEndpointResponse>(keeper(), request).response.endpoint();
  }
  // The live keys as the engine reads them, as the secrets that callers know.
  std::vector<std::string> Signing() {
    auto stored = backend().runner.Run<absl::StatusOr<std::vector<storage::Endpoint>>>([&] {
      return backend().storage->endpoints.ListAll(backend().SystemContext(), std::nullopt);
    });
    std::vector<std::string> secrets;
    for (const auto& secret : storage::LiveSecrets(stored->at(0).secrets, clock().Now())) {
      secrets.push_back("whsec_" + base::Base64Encode(secret.key));
    }
    return secrets;
  }
  std::string CountRotations() {
    return Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'endpoint.secret_rotated'");
  }
};

TEST_F(RotateSecretTest, TheOldSecretSignsForADayBesideTheNewOne) {
  const v1::CreateEndpointResponse created = Create();
  ASSERT_EQ(created.endpoint().secrets_size(), 1);
  EXPECT_FALSE(created.endpoint().secrets(0).has_expire_time());
  clock().Advance(hours(1));
  const int before = changes_;
  const auto rotated = Rotate(Rotation(created.endpoint().id()));
  ASSERT_TRUE(rotated.ok()) << rotated.message;
  EXPECT_THAT(rotated.response.secret(), StartsWith("whsec_"));
  EXPECT_THAT(Signing(), ElementsAre(rotated.response.secret(), created.secret()));
  EXPECT_EQ(changes_, before + 1);

  const v1::Endpoint& endpoint = rotated.response.endpoint();
  ASSERT_EQ(endpoint.secrets_size(), 2);
  EXPECT_FALSE(endpoint.secrets(0).has_expire_time());
  EXPECT_EQ(endpoint.secrets(1).id(), created.endpoint().secrets(0).id());
  EXPECT_EQ(endpoint.secrets(1).create_time().seconds(),
            created.endpoint().create_time().seconds());
  EXPECT_EQ(endpoint.secrets(0).create_time().seconds(),
            created.endpoint().create_time().seconds() + 3600);
  EXPECT_EQ(endpoint.secrets(1).expire_time().seconds(),
            endpoint.secrets(0).create_time().seconds() + 86400);
  EXPECT_NE(endpoint.etag(), created.endpoint().etag());
  EXPECT_EQ(Get(endpoint.id()).DebugString(), endpoint.DebugString());

  clock().Advance(hours(24));
  EXPECT_EQ(Get(endpoint.id()).secrets_size(), 1);
  EXPECT_THAT(Signing(), ElementsAre(rotated.response.secret()));
  // It is gone from the database with the next change.
  EXPECT_EQ(Ask("SELECT cardinality(secrets) FROM gatehouse.endpoint"), "2");
  ASSERT_TRUE(Rotate(Rotation(endpoint.id())).ok());
  EXPECT_EQ(Ask("SELECT cardinality(secrets) FROM gatehouse.endpoint"), "2");
}

TEST_F(RotateSecretTest, ItsEventCommitsWithItAndHoldsNoSecret) {
  const std::string id = Create().endpoint().id();
  const auto rotated = Rotate(Rotation(id, 60));
  ASSERT_TRUE(rotated.ok());
  EXPECT_EQ(Ask("SELECT (targets->0->>'id') || ' ' || details FROM gatehouse.event "
                "WHERE type = 'endpoint.secret_rotated'"),
            id + " {\"scheme\": \"v1\", \"secret_id\": \"" +
                rotated.response.endpoint().secrets(0).id() + "\", \"overlap_ms\": 60000}");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e JOIN gatehouse.endpoint p "
                "ON e.xid = p.xmin::text::xid8 WHERE e.type = 'endpoint.secret_rotated'"),
            "1");
}

TEST_F(RotateSecretTest, TheSecretIsStoredSealedAndReturnedOnce) {
  v1::RotateSecretRequest request = Rotation(Create().endpoint().id());
  request.set_secret(kSecret);
  request.set_request_id(kRequestId);
  EXPECT_EQ(Rotate(request).response.secret(), kSecret);
  const auto again = Rotate(request);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again.response.secret(), "");
  EXPECT_EQ(again.response.endpoint().secrets_size(), 2);
  EXPECT_EQ(CountRotations(), "1");
  request.mutable_overlap()->set_seconds(1);
  EXPECT_EQ(Rotate(request).reason(), "REQUEST_ID_REUSED");
  for (const char* column : {"request.response", "endpoint.secrets[1]", "endpoint.secrets[2]"}) {
    const std::string table = std::string(column).substr(0, std::string(column).find('.'));
    EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse." + table + " WHERE position(decode('" +
                  "31f290f6bf06298a', 'hex') IN " + column + ") > 0 OR position('MfKQ9r8G'::bytea" +
                  " IN " + column + ") > 0"),
              "0")
        << column;
  }
}

TEST_F(RotateSecretTest, AnOverlapOfZeroEndsTheOldOnesAtOnce) {
  const std::string id = Create().endpoint().id();
  ASSERT_TRUE(Rotate(Rotation(id)).ok());
  const auto revoked = Rotate(Rotation(id, 0));
  ASSERT_TRUE(revoked.ok());
  EXPECT_EQ(revoked.response.endpoint().secrets_size(), 1);
  EXPECT_THAT(Signing(), ElementsAre(revoked.response.secret()));
  EXPECT_EQ(Ask("SELECT cardinality(secrets) FROM gatehouse.endpoint"), "1");
}

TEST_F(RotateSecretTest, ThreeAreLiveAtMost) {
  const std::string id = Create().endpoint().id();
  const auto second = Rotate(Rotation(id, 100));
  const auto third = Rotate(Rotation(id, 50));
  ASSERT_TRUE(third.ok());
  // None goes on for longer than it would have anyway.
  EXPECT_EQ(third.response.endpoint().secrets(2).expire_time().seconds(),
            third.response.endpoint().secrets(0).create_time().seconds() + 50);
  const auto longer = Rotate(Rotation(id, 100));
  EXPECT_EQ(longer.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(longer.reason(), "LIMIT_REACHED");
  EXPECT_EQ(CountRotations(), "2");
  v1::RotateSecretRequest check = Rotation(id);
  check.set_validate_only(true);
  EXPECT_EQ(Rotate(check).reason(), "LIMIT_REACHED");
  clock().Advance(seconds(50));
  const auto fourth = Rotate(Rotation(id, 100));
  ASSERT_TRUE(fourth.ok()) << fourth.message;
  EXPECT_THAT(Signing(), ElementsAre(fourth.response.secret(), third.response.secret()));
}

TEST_F(RotateSecretTest, RefusesWhatIsWrong) {
  const v1::CreateEndpointResponse created = Create();
  const std::string id = created.endpoint().id();
  v1::RotateSecretRequest request = Rotation(id);
  for (const char* secret : {"whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}) {
    request.set_secret(secret);
    const auto refused = Rotate(request);
    EXPECT_EQ(refused.reason(), "INVALID_FIELD") << secret;
    EXPECT_THAT(refused.message, testing::HasSubstr("secret"));
  }
  request.set_secret(created.secret());
  EXPECT_EQ(Rotate(request).reason(), "INVALID_FIELD");
  for (const int64_t overlap : {int64_t{-1}, int64_t{7} * 86400 + 1}) {
    EXPECT_EQ(Rotate(Rotation(id, overlap)).reason(), "INVALID_FIELD") << overlap;
  }
  request = Rotation(id);
  request.set_etag("\"99\"");
  EXPECT_EQ(Rotate(request).reason(), "ETAG_MISMATCH");
  EXPECT_EQ(Rotate(Rotation("x")).reason(), "INVALID_FIELD");
  EXPECT_EQ(Rotate(Rotation(base::Uuid::MakeV7(clock().Now()).ToString())).reason(),
            "ENDPOINT_NOT_FOUND");
  EXPECT_EQ(CountRotations(), "0");
  EXPECT_THAT(Signing(), ElementsAre(created.secret()));
  EXPECT_TRUE(Rotate(Rotation(id, int64_t{7} * 86400)).ok());
}

TEST_F(RotateSecretTest, ValidateOnlyChangesNothingAndShowsNoSecret) {
  const v1::CreateEndpointResponse created = Create();
  v1::RotateSecretRequest request = Rotation(created.endpoint().id());
  request.set_validate_only(true);
  const auto checked = Rotate(request);
  ASSERT_TRUE(checked.ok());
  EXPECT_EQ(checked.response.secret(), "");
  EXPECT_EQ(CountRotations(), "0");
  EXPECT_THAT(Signing(), ElementsAre(created.secret()));
}

TEST_F(RotateSecretTest, IsForThoseOfTheTenantWhoMayWriteEndpoints) {
  const std::string id = Create().endpoint().id();
  const Caller reader = backend().MakeApiKey({"endpoints.read", "events.read"});
  EXPECT_EQ(Call<v1::RotateSecretResponse>(reader, Rotation(id)).code,
            absl::StatusCode::kPermissionDenied);
  const Caller foreigner =
      backend().MakeApiKey({"endpoints.write"}, base::Uuid::MakeV7(clock().Now()));
  EXPECT_EQ(Call<v1::RotateSecretResponse>(foreigner, Rotation(id)).reason(), "ENDPOINT_NOT_FOUND");
  EXPECT_EQ(CountRotations(), "0");
}

// Each got the secret it was told; none is lost without an error.
TEST_F(RotateSecretTest, ManyAtTheSameTimeAreOneAfterTheOther) {
  const std::string id = Create().endpoint().id();
  std::vector<std::future<UnaryOutcome<v1::RotateSecretResponse>>> callers;
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::async(std::launch::async, [this, id] { return Rotate(Rotation(id)); }));
  }
  std::set<std::string> made;
  for (auto& caller : callers) {
    const auto outcome = caller.get();
    if (outcome.ok()) {
      made.insert(outcome.response.secret());
    } else {
      EXPECT_EQ(outcome.reason(), "LIMIT_REACHED");
    }
  }
  EXPECT_EQ(made.size(), 2u);
  EXPECT_EQ(CountRotations(), "2");
  for (const std::string& secret : made) {
    EXPECT_THAT(Signing(), testing::Contains(secret));
  }
}

TEST_F(RotateSecretTest, CostsAReadAndABatch) {
  const std::string id = Create().endpoint().id();
  Rotate(Rotation(id));
  const uint64_t before = backend().round_trips();
  ASSERT_TRUE(Rotate(Rotation(id)).ok());
  EXPECT_EQ(backend().round_trips() - before, 2u);
}

// Written by a server of the version before, while both run.
TEST_F(RotateSecretTest, AnEndpointWithoutDetailsOfItsSecretCanBeRotated) {
  const v1::CreateEndpointResponse created = Create();
  const std::string id = created.endpoint().id();
  Ask("UPDATE gatehouse.endpoint SET secret_ids = '{}', secret_create_times = '{}', "
      "secret_expire_times = '{}' RETURNING 1");
  const v1::Endpoint read = Get(id);
  ASSERT_EQ(read.secrets_size(), 1);
  EXPECT_EQ(read.secrets(0).id(), id);
  EXPECT_EQ(read.secrets(0).create_time().seconds(), read.create_time().seconds());
  const auto rotated = Rotate(Rotation(id));
  ASSERT_TRUE(rotated.ok()) << rotated.message;
  EXPECT_EQ(rotated.response.endpoint().secrets(1).id(), id);
  EXPECT_THAT(Signing(), ElementsAre(rotated.response.secret(), created.secret()));
}

}  // namespace
}  // namespace gatehouse::tests
