#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/uuid.h"
#include "gatehouse/v1/webhook.pb.h"
#include "tests/integration/webhook/webhook_service_fixture.h"

namespace gatehouse::tests {
namespace {

using testing::StartsWith;

// The vector of the field.
constexpr char kPair[] =
    "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
constexpr char kPublicKey[] = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

class SignatureSchemeTest : public WebhookServiceFixture {
 protected:
  UnaryOutcome<v1::CreateEndpointResponse> Create(v1::SignatureScheme scheme) {
    v1::CreateEndpointRequest request;
    request.mutable_endpoint()->set_url("https://example.com/hook");
    request.mutable_endpoint()->add_event_types("order.*");
    request.mutable_endpoint()->set_signature_scheme(scheme);
    return Call<v1::CreateEndpointResponse>(admin(), request);
  }
  UnaryOutcome<v1::UpdateEndpointResponse> SetScheme(const std::string& id,
                                                     v1::SignatureScheme scheme) {
    v1::UpdateEndpointRequest request;
    request.set_endpoint_id(id);
    request.mutable_endpoint()->set_signature_scheme(scheme);
    request.mutable_update_mask()->add_paths("signature_scheme");
    return Call<v1::UpdateEndpointResponse>(admin(), request);
  }
  static v1::RotateSecretRequest Rotation(const std::string& id, v1::SignatureScheme scheme) {
    v1::RotateSecretRequest request;
    request.set_endpoint_id(id);
    request.set_scheme(scheme);
    return request;
  }
  UnaryOutcome<v1::GetPublicKeysResponse> PublicKeys(const Caller& caller, const std::string& id) {
    v1::GetPublicKeysRequest request;
    request.set_endpoint_id(id);
    return Call<v1::GetPublicKeysResponse>(caller, request);
  }
  // In the order in which they are given, as "scheme:public key".
  static std::vector<std::string> SecretsOf(const v1::Endpoint& endpoint) {
    std::vector<std::string> secrets;
    for (const v1::EndpointSecret& secret : endpoint.secrets()) {
      secrets.push_back(v1::SignatureScheme_Name(secret.scheme()) + ":" + secret.public_key());
    }
    return secrets;
  }
};

TEST_F(SignatureSchemeTest, ByDefaultThereIsNoKeyPair) {
  const auto created = Create(v1::SIGNATURE_SCHEME_UNSPECIFIED);
  ASSERT_TRUE(created.ok());
  const v1::Endpoint& endpoint = created.response.endpoint();
  EXPECT_EQ(endpoint.signature_scheme(), v1::SIGNATURE_SCHEME_V1);
  EXPECT_THAT(SecretsOf(endpoint), testing::ElementsAre("SIGNATURE_SCHEME_V1:"));
  EXPECT_EQ(PublicKeys(admin(), endpoint.id()).response.keys_size(), 0);
}

TEST_F(SignatureSchemeTest, V1AHasAKeyPairWhosePublicKeyCanBeRead) {
  for (const auto scheme : {v1::SIGNATURE_SCHEME_V1A, v1::SIGNATURE_SCHEME_V1_AND_V1A}) {
    const auto created = Create(scheme);
    ASSERT_TRUE(created.ok()) << created.message;
    const v1::Endpoint& endpoint = created.response.endpoint();
    EXPECT_EQ(endpoint.signature_scheme(), scheme);
    EXPECT_THAT(created.response.secret(), StartsWith("whsec_"));
    EXPECT_THAT(
        SecretsOf(endpoint),
        testing::ElementsAre("SIGNATURE_SCHEME_V1:", StartsWith("SIGNATURE_SCHEME_V1A:whpk_")));
    const auto keys = PublicKeys(admin(), endpoint.id());
    ASSERT_EQ(keys.response.keys_size(), 1);
    EXPECT_EQ(keys.response.keys(0).DebugString(), endpoint.secrets(1).DebugString());
  }
}

TEST_F(SignatureSchemeTest, TheFirstPairIsMadeWhenTheSchemeAsksForItAndStays) {
  const std::string id = Create(v1::SIGNATURE_SCHEME_V1).response.endpoint().id();
  const auto both = SetScheme(id, v1::SIGNATURE_SCHEME_V1_AND_V1A);
  ASSERT_TRUE(both.ok()) << both.message;
  EXPECT_EQ(both.response.endpoint().secrets_size(), 2);
  EXPECT_EQ(Ask("SELECT details FROM gatehouse.event WHERE type = 'endpoint.updated'"),
            "{\"fields\": [\"signature_scheme\"]}");
  const auto back = SetScheme(id, v1::SIGNATURE_SCHEME_V1);
  EXPECT_EQ(SecretsOf(back.response.endpoint()), SecretsOf(both.response.endpoint()));
  const auto again = SetScheme(id, v1::SIGNATURE_SCHEME_V1A);
  EXPECT_EQ(SecretsOf(again.response.endpoint()), SecretsOf(both.response.endpoint()));
  EXPECT_EQ(SetScheme(id, static_cast<v1::SignatureScheme>(9)).reason(), "INVALID_FIELD");
}

TEST_F(SignatureSchemeTest, PairsRotateByThemselvesAndPrivateKeysAreShownToNobody) {
  const auto created = Create(v1::SIGNATURE_SCHEME_V1_AND_V1A);
  const std::string id = created.response.endpoint().id();
  v1::RotateSecretRequest request = Rotation(id, v1::SIGNATURE_SCHEME_UNSPECIFIED);
  request.set_secret(kPair);
  const auto given = Call<v1::RotateSecretResponse>(admin(), request);
  ASSERT_TRUE(given.ok()) << given.message;
  EXPECT_EQ(given.response.secret(), "");
  EXPECT_THAT(SecretsOf(given.response.endpoint()),
              testing::ElementsAre(
                  "SIGNATURE_SCHEME_V1:", std::string("SIGNATURE_SCHEME_V1A:") + kPublicKey,
                  SecretsOf(created.response.endpoint())[1]));
  const auto made = Call<v1::RotateSecretResponse>(admin(), Rotation(id, v1::SIGNATURE_SCHEME_V1A));
  ASSERT_TRUE(made.ok()) << made.message;
  EXPECT_EQ(made.response.secret(), "");
  // Three pairs: no more, but the other scheme has room.
  EXPECT_EQ(
      Call<v1::RotateSecretResponse>(admin(), Rotation(id, v1::SIGNATURE_SCHEME_V1A)).reason(),
      "LIMIT_REACHED");
  EXPECT_TRUE(Call<v1::RotateSecretResponse>(admin(), Rotation(id, v1::SIGNATURE_SCHEME_V1)).ok());
  const auto keys = PublicKeys(admin(), id);
  ASSERT_EQ(keys.response.keys_size(), 3);
  EXPECT_FALSE(keys.response.keys(0).has_expire_time());
  EXPECT_EQ(keys.response.keys(1).public_key(), kPublicKey);
  EXPECT_TRUE(keys.response.keys(1).has_expire_time());
  // The seed, in the clear.
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.endpoint, unnest(key_pairs) AS pair "
                "WHERE position('\\xe976ff742707a4f7'::bytea IN pair) > 0"),
            "0");
  EXPECT_EQ(Ask("SELECT string_agg(details->>'scheme', ' ' ORDER BY event_id) "
                "FROM gatehouse.event WHERE type = 'endpoint.secret_rotated'"),
            "v1a v1a v1");
}

TEST_F(SignatureSchemeTest, APairThatWasSealedForAnotherEndpointDoesNotOpen) {
  const std::string from = Create(v1::SIGNATURE_SCHEME_V1A).response.endpoint().id();
  const std::string to = Create(v1::SIGNATURE_SCHEME_V1A).response.endpoint().id();
  ASSERT_TRUE(PublicKeys(admin(), to).ok());
  Ask("UPDATE gatehouse.endpoint SET key_pairs = (SELECT key_pairs FROM gatehouse.endpoint WHERE "
      "endpoint_id = '" +
      from + "') WHERE endpoint_id = '" + to + "' RETURNING 1");
  EXPECT_EQ(PublicKeys(admin(), to).code, absl::StatusCode::kInternal);
  EXPECT_TRUE(PublicKeys(admin(), from).ok());
}

TEST_F(SignatureSchemeTest, APairCanBePreparedBeforeItSigns) {
  const std::string id = Create(v1::SIGNATURE_SCHEME_V1).response.endpoint().id();
  ASSERT_TRUE(Call<v1::RotateSecretResponse>(admin(), Rotation(id, v1::SIGNATURE_SCHEME_V1A)).ok());
  const auto keys = PublicKeys(admin(), id);
  ASSERT_EQ(keys.response.keys_size(), 1);
  const auto switched = SetScheme(id, v1::SIGNATURE_SCHEME_V1A);
  EXPECT_EQ(switched.response.endpoint().secrets(1).public_key(),
            keys.response.keys(0).public_key());
}

TEST_F(SignatureSchemeTest, RefusesSecretsOfAnotherSchemeAndBothAtOnce) {
  const std::string id = Create(v1::SIGNATURE_SCHEME_V1_AND_V1A).response.endpoint().id();
  v1::RotateSecretRequest request = Rotation(id, v1::SIGNATURE_SCHEME_V1_AND_V1A);
  EXPECT_EQ(Call<v1::RotateSecretResponse>(admin(), request).reason(), "INVALID_FIELD");
  request.set_scheme(v1::SIGNATURE_SCHEME_V1);
  request.set_secret(kPair);
  EXPECT_EQ(Call<v1::RotateSecretResponse>(admin(), request).reason(), "INVALID_FIELD");
  request.set_scheme(v1::SIGNATURE_SCHEME_V1A);
  for (const char* secret : {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", kPublicKey, "whsk_"}) {
    request.set_secret(secret);
    const auto refused = Call<v1::RotateSecretResponse>(admin(), request);
    EXPECT_EQ(refused.reason(), "INVALID_FIELD") << secret;
  }
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'endpoint.secret_rotated'"),
            "0");
}

TEST_F(SignatureSchemeTest, PublicKeysAreForThoseOfTheTenantWhoMayReadEndpoints) {
  const std::string id = Create(v1::SIGNATURE_SCHEME_V1A).response.endpoint().id();
  EXPECT_TRUE(PublicKeys(backend().MakeApiKey({"endpoints.read"}), id).ok());
  EXPECT_EQ(PublicKeys(backend().MakeApiKey({"events.read"}), id).code,
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(
      PublicKeys(backend().MakeApiKey({"endpoints.read"}, base::Uuid::MakeV7(clock().Now())), id)
          .reason(),
      "ENDPOINT_NOT_FOUND");
  const uint64_t before = backend().statements();
  PublicKeys(admin(), id);
  EXPECT_EQ(backend().statements() - before, 1u);
}

}  // namespace
}  // namespace gatehouse::tests
