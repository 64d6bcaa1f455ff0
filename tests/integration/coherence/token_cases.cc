// What users do by a token that they were sent.

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/token/one_time_token.h"
#include "base/async/run_on_loop.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "gatehouse/v1/session.pb.h"
#include "gatehouse/v1/user.pb.h"
#include "storage/change.h"
#include "storage/event.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/user/user.h"
#include "tests/integration/coherence/cases.h"

namespace gatehouse::tests {
namespace {

using Person = TwoServers::Person;

void AnAddressThatIsProven(TwoServers& servers) {
  const Person ada = servers.MakePerson();
  v1::StartEmailVerificationRequest start;
  start.set_user_id(ada.id);
  start.set_email(ada.username + "@example.com");
  const auto started =
      servers.Must<v1::StartEmailVerificationResponse>("UserService/StartEmailVerification", start);
  TwoServers::Prove(
      [&] {
        v1::FinishEmailVerificationRequest request;
        request.set_token(started.token());
        return servers.HereAs<v1::FinishEmailVerificationResponse>(
            "", "UserService/FinishEmailVerification", request);
      },
      [&] {
        const v1::User user = servers.UserThere(ada.id);
        return user.email() == start.email() && user.has_email_verified_time();
      });
}

void APasswordThatIsReset(TwoServers& servers) {
  const Person one = servers.MakePerson();
  v1::StartPasswordResetRequest start;
  start.set_user_id(one.id);
  const auto started =
      servers.Must<v1::StartPasswordResetResponse>("UserService/StartPasswordReset", start);
  servers.ProveVerdict(one.token(), [&] {
    v1::FinishPasswordResetRequest request;
    request.set_token(started.token());
    request.set_password("another horse battery");
    return servers.HereAs<v1::FinishPasswordResetResponse>("", "UserService/FinishPasswordReset",
                                                           request);
  });
}

// As the server writes it into a mail.
std::string MakeMagicToken(TwoServers& servers, const Person& person) {
  service::App& app = servers.here().app();
  const base::Uuid id = *base::Uuid::Parse(person.id);
  using Found = absl::StatusOr<std::optional<storage::User>>;
  const Found user = base::RunOnLoop<Found>(app.loop(), [&] {
    return app.storage().users.Get(app.SystemContext("test"), base::kDefaultTenantId, id);
  });
  if (!user.ok() || !*user) return "";
  const base::Time now = app.clock().Now();
  const auth::OneTimeTokenCodec codec(TwoServers::kTokenPepper);
  const auth::OneTimeTokenCodec::Made made =
      codec.Make(storage::OneTimePurpose::kMagicLink, base::kDefaultTenantId, id);
  const absl::Status put = base::RunOnLoop<absl::Status>(app.loop(), [&] {
    const base::CallContext ctx = app.SystemContext("test");
    return app.storage().one_time_tokens.Put(
        ctx, {.key = made.key, .create_time = now, .expire_time = now + std::chrono::hours(1)},
        **user, {.events = {storage::MakeEvent(ctx, now, "test.given", {})}});
  });
  EXPECT_TRUE(put.ok()) << put;
  return made.token;
}

void AMagicLink(TwoServers& servers) {
  const Person ada = servers.MakePerson();
  const std::string token = MakeMagicToken(servers, ada);
  servers.ProveCredential([&](std::string& credential) {
    v1::FinishMagicLinkRequest request;
    request.set_token(token);
    const auto outcome =
        servers.HereAs<v1::FinishMagicLinkResponse>("", "SessionService/FinishMagicLink", request);
    credential = outcome.response.tokens().access_token();
    return outcome;
  });
}

}  // namespace

const std::vector<CoherenceCase>& TokenCases() {
  static const auto& cases = *new std::vector<CoherenceCase>{
      {{"UserService/FinishEmailVerification"}, "an address is proven", AnAddressThatIsProven},
      {{"UserService/FinishPasswordReset"}, "a password is reset", APasswordThatIsReset},
      {{"SessionService/FinishMagicLink"}, "a login by a link", AMagicLink},
  };
  return cases;
}

}  // namespace gatehouse::tests
