#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "auth/api_key/api_key.h"
#include "auth/interceptors/authentication_interceptor.h"
#include "auth/interceptors/authorisation_interceptor.h"
#include "auth/interceptors/rate_limit_interceptor.h"
#include "auth/permission/permissions.h"
#include "auth/tenant/tenant_directory.h"
#include "base/ip_address.h"
#include "base/manual_clock.h"
#include "base/status.h"
#include "base/uuid.h"
#include "rpc/chain/fake_server_call.h"
#include "rpc/interceptors/in_flight.h"
#include "storage/tenant/tenant.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::auth {
namespace {

using base::Principal;
using rpc::AccessPolicy;
using rpc::Decision;
using rpc::FakeServerCall;
using rpc::Interceptor;
using ::testing::ElementsAre;

const base::Time kStart = base::TimeFromMicros(1'700'000'000'000'000);
const base::Uuid kTenant = base::kDefaultTenantId;
const base::Uuid kKeyId = *base::Uuid::Parse("01890000-0000-7000-8000-0000000000b3");
const AccessPolicy kUsersRead = {
    .permission = "users.read",
    .permission_number = static_cast<int>(Permission::kUsersRead),
};

// Knows one API key.
class OneKeyStore : public CredentialStore {
 public:
  explicit OneKeyStore(std::string hash) : hash_(std::move(hash)) {}

  base::Task<absl::StatusOr<std::optional<LiveSession>>> FindLiveSession(
      base::CallContext context, base::Uuid tenant_id, base::Uuid session_id) override {
    co_return std::nullopt;
  }
  base::Task<absl::StatusOr<std::optional<LiveApiKey>>> FindLiveApiKey(
      base::CallContext context, base::Uuid tenant_id, std::string key_hash) override {
    ++statements;
    if (down) co_return absl::UnavailableError("down");
    if (key_hash != hash_) co_return std::nullopt;
    co_return LiveApiKey{.api_key_id = kKeyId, .display_name = "backend"};
  }

  base::Task<absl::StatusOr<std::optional<LiveApiKey>>> FindLiveApiKeyById(
      base::CallContext context, base::Uuid tenant_id, base::Uuid id) override {
    ++statements;
    if (tenant_id != kTenant || id != kKeyId) co_return std::nullopt;
    co_return LiveApiKey{.api_key_id = kKeyId, .display_name = "backend"};
  }

  bool down = false;
  int statements = 0;

 private:
  const std::string hash_;
};

class InterceptorsTest : public ::testing::Test {
 protected:
  FakeServerCall Call(AccessPolicy access, Principal principal = {}) {
    return FakeServerCall(
        runner_.Context({.principal = principal, .peer = base::IpAddress::Parse("192.0.2.1")}),
        {.name = "/test.Service/Method", .access = access});
  }

  // What the interceptor decides, awaited if need be.
  absl::Status Run(Interceptor& interceptor, FakeServerCall& call) {
    return runner_.Run<absl::Status>([&] { return Decide(&interceptor, &call); });
  }
  static base::Task<absl::Status> Decide(Interceptor* interceptor, FakeServerCall* call) {
    Decision decision = interceptor->Before(*call);
    if (base::Task<absl::Status>* task = decision.task()) co_return co_await std::move(*task);
    co_return std::move(decision).status();
  }

  static base::Task<absl::Status> End(Interceptor* interceptor, FakeServerCall* call,
                                      const absl::Status* status) {
    if (auto task = interceptor->OnError(*call, *status)) co_await *std::move(task);
    co_return absl::OkStatus();
  }

  DenialHook Recorder() {
    return [this](base::CallContext context, Denial denial) { return Record(this, denial); };
  }
  static base::Task<void> Record(InterceptorsTest* test, Denial denial) {
    test->denials_.push_back(denial);
    co_return;
  }
  std::vector<Denial::Kind> DenialKinds() const {
    std::vector<Denial::Kind> kinds;
    for (const Denial& denial : denials_) kinds.push_back(denial.kind);
    return kinds;
  }

  const NewApiKey key_ = MakeApiKey(kTenant);
  base::ManualClock clock_{kStart};
  Keyring keyring_{std::string(32, 'm'), {}};
  AccessTokenCodec codec_{keyring_, clock_, {.issuer = "i", .audience = "a"}};
  OneKeyStore store_{key_.hash};
  Authenticator authenticator_{codec_, store_, clock_, {}};
  std::vector<Denial> denials_;
  tests::LoopRunner runner_;
};

// A key nobody has ever seen passes its checksum and costs a query; nobody may have
// that done as often as they like.
TEST_F(InterceptorsTest, AuthenticationBoundsUnknownCredentialsOfAnAddress) {
  AuthenticationInterceptor interceptor(authenticator_, {.rate = 1, .burst = 2}, Recorder());
  for (int i = 0; i < 5; ++i) {
    FakeServerCall call = Call(kUsersRead);
    call.metadata["authorization"] = "Bearer " + MakeApiKey(base::kDefaultTenantId).key;
    const absl::Status status = Run(interceptor, call);
    EXPECT_EQ(base::HasReason(status, base::Reason::kRateLimited), i >= 2) << i << status;
  }
  EXPECT_EQ(store_.statements, 2);
  // What is known already is not held up by it.
  FakeServerCall call = Call(kUsersRead);
  AuthenticationInterceptor open(authenticator_, RateLimit{}, Recorder());
  call.metadata["authorization"] = "Bearer " + key_.key;
  ASSERT_TRUE(Run(open, call).ok());
  FakeServerCall again = Call(kUsersRead);
  again.metadata["authorization"] = "Bearer " + key_.key;
  EXPECT_TRUE(Run(interceptor, again).ok());
}

// A gateway sends the calls of many from one address.
TEST_F(InterceptorsTest, AKnownCredentialStaysKnownWhileTheDatabaseHasToBeAsked) {
  AuthenticationInterceptor interceptor(authenticator_, {.rate = 1, .burst = 1}, Recorder());
  authenticator_.RevocationsKnownUntil(std::chrono::steady_clock::now() - std::chrono::minutes(1));
  for (int i = 0; i < 5; ++i) {
    FakeServerCall call = Call(kUsersRead);
    call.metadata["authorization"] = "Bearer " + key_.key;
    EXPECT_TRUE(Run(interceptor, call).ok()) << i;
  }
  EXPECT_EQ(store_.statements, 5);
  authenticator_.ApiKeyRevoked(kKeyId);
  FakeServerCall call = Call(kUsersRead);
  call.metadata["authorization"] = "Bearer " + key_.key;
  EXPECT_TRUE(base::HasReason(Run(interceptor, call), base::Reason::kRateLimited));
}

// Whoever has thousands of made-up keys looked up takes no places from those who are known.
TEST_F(InterceptorsTest, UnknownCredentialsAreLookedUpOnlyWhileThereArePlacesForStrangers) {
  const auto in_flight =
      std::make_shared<rpc::InFlight>(rpc::InFlight::Limits{.unary = 4, .known_percent = 50});
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, Recorder(), CertificateKeys(),
                                        CallTenants(), in_flight);
  FakeServerCall call = Call(kUsersRead);
  call.metadata["authorization"] = "Bearer " + key_.key;
  // Admission has counted this one too: three of four, of which two are kept.
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(in_flight->Take(call.method()).ok());
  EXPECT_TRUE(base::HasReason(Run(interceptor, call), base::Reason::kServerOverloaded));
  EXPECT_EQ(store_.statements, 0);
  EXPECT_TRUE(denials_.empty());
  in_flight->Return(call.method());
  EXPECT_TRUE(Run(interceptor, call).ok());
  ASSERT_TRUE(in_flight->Take(call.method()).ok());
  EXPECT_TRUE(Run(interceptor, call).ok());
  EXPECT_EQ(store_.statements, 1);
}

TEST_F(InterceptorsTest, AuthenticationSaysWhoCalls) {
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, Recorder());
  for (const char* scheme : {"Bearer ", "bearer ", "BEARER ", "Bearer    "}) {
    FakeServerCall call = Call(kUsersRead);
    call.metadata["authorization"] = scheme + key_.key;
    EXPECT_TRUE(Run(interceptor, call).ok()) << scheme;
    EXPECT_EQ(call.context().principal().kind, Principal::Kind::kApiKey);
    EXPECT_EQ(call.context().principal().id, kKeyId);
  }
  EXPECT_EQ(store_.statements, 1);
  EXPECT_TRUE(denials_.empty());
}

TEST_F(InterceptorsTest, ACertificateCountsAsTheKeyItStandsFor) {
  const auto keys = CertificateKeys::Parse("f", kKeyId.ToString() + " CN=backend");
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, Recorder(), *keys);
  FakeServerCall call = Call(kUsersRead);
  call.certificate = {.subject = "CN=backend"};
  EXPECT_TRUE(Run(interceptor, call).ok());
  EXPECT_EQ(call.context().principal().kind, Principal::Kind::kApiKey);
  EXPECT_EQ(call.context().principal().id, kKeyId);
  // From then on by memory, until the key is revoked.
  EXPECT_TRUE(Run(interceptor, call).ok());
  EXPECT_EQ(store_.statements, 1);
  authenticator_.ApiKeyRevoked(kKeyId);
  EXPECT_EQ(Run(interceptor, call), Unauthenticated());
}

TEST_F(InterceptorsTest, ACertificateThatStandsForNoKeyIsNoCredential) {
  const auto keys = CertificateKeys::Parse("f", kKeyId.ToString() + " CN=backend");
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, Recorder(), *keys);
  FakeServerCall call = Call(kUsersRead);
  call.certificate = {.subject = "CN=stranger"};
  EXPECT_EQ(Run(interceptor, call), Unauthenticated());
  EXPECT_EQ(store_.statements, 0);
}

TEST_F(InterceptorsTest, WhatACallCarriesCountsBeforeTheCertificate) {
  const auto keys = CertificateKeys::Parse("f", kKeyId.ToString() + " CN=backend");
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, Recorder(), *keys);
  FakeServerCall call = Call(kUsersRead);
  call.certificate = {.subject = "CN=backend"};
  call.metadata["authorization"] = "Bearer dead";
  EXPECT_EQ(Run(interceptor, call), Unauthenticated());
}

TEST_F(InterceptorsTest, ACallWithoutCredentialsBelongsToTheTenantThatItNames) {
  TenantDirectory tenants;
  tenants.Put({.id = kKeyId, .name = "acme", .host_names = {"acme.example"}});
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, {}, CertificateKeys(),
                                        {.directory = &tenants});
  const auto tenant_of = [&](std::map<std::string, std::string> metadata) {
    FakeServerCall call = Call({.is_public = true});
    call.metadata.insert(metadata.begin(), metadata.end());
    EXPECT_TRUE(Run(interceptor, call).ok());
    EXPECT_EQ(call.context().principal().kind, Principal::Kind::kAnonymous);
    return call.context().principal().tenant_id;
  };
  EXPECT_EQ(tenant_of({}), kTenant);
  EXPECT_EQ(tenant_of({{":authority", "localhost:50051"}}), kTenant);
  EXPECT_EQ(tenant_of({{":authority", "acme.example:443"}}), kKeyId);
  EXPECT_EQ(tenant_of({{"x-gatehouse-tenant", "acme"}}), kKeyId);
  EXPECT_EQ(tenant_of({{"x-gatehouse-tenant", kTenant.ToString()}, {":authority", "acme.example"}}),
            kTenant);
  EXPECT_EQ(tenant_of({{"x-gatehouse-tenant", "nobody"}, {":authority", "acme.example"}}),
            base::Uuid());
}

TEST_F(InterceptorsTest, ATenantThatIsFrozenTakesNoCalls) {
  const base::Uuid tenant = kKeyId;
  const NewApiKey key = MakeApiKey(tenant);
  OneKeyStore store(key.hash);
  Authenticator authenticator(codec_, store, clock_, {});
  TenantDirectory tenants;
  int refreshed = 0;
  AuthenticationInterceptor interceptor(
      authenticator, RateLimit{}, {}, CertificateKeys(),
      {.directory = &tenants, .refresh = [&refreshed](base::CallContext, base::Uuid) {
         ++refreshed;
         return []() -> base::Task<absl::Status> { co_return absl::OkStatus(); }();
       }});
  FakeServerCall call = Call(kUsersRead);
  call.metadata["authorization"] = "Bearer " + key.key;
  FakeServerCall login = Call({.is_public = true});
  login.metadata["x-gatehouse-tenant"] = "acme";
  tenants.Put({.id = tenant, .name = "acme"});
  EXPECT_TRUE(Run(interceptor, call).ok());
  EXPECT_TRUE(Run(interceptor, login).ok());
  tenants.Put({.id = tenant, .name = "acme", .state = storage::TenantState::kFrozen, .version = 2});
  EXPECT_TRUE(base::HasReason(Run(interceptor, call), base::Reason::kTenantFrozen)) << "in memory";
  EXPECT_TRUE(base::HasReason(Run(interceptor, login), base::Reason::kTenantFrozen));
  // Verifiers of its tokens are told so.
  FakeServerCall verifier = Call(kUsersRead);
  verifier.mutable_method().name = "/gatehouse.v1.SessionService/WatchRevocations";
  verifier.metadata["authorization"] = "Bearer " + key.key;
  EXPECT_TRUE(Run(interceptor, verifier).ok());
  // Health is the server's.
  FakeServerCall health = Call({.is_public = true});
  health.mutable_method().exempt_from_admission = true;
  health.metadata["x-gatehouse-tenant"] = "acme";
  EXPECT_TRUE(Run(interceptor, health).ok());
  EXPECT_EQ(refreshed, 0);
  // While this instance does not know what others do, it asks.
  authenticator.RevocationsKnownUntil(std::chrono::steady_clock::now() - std::chrono::minutes(1));
  EXPECT_FALSE(Run(interceptor, call).ok());
  EXPECT_FALSE(Run(interceptor, login).ok());
  EXPECT_TRUE(Run(interceptor, verifier).ok());
  EXPECT_EQ(refreshed, 2);
}

TEST_F(InterceptorsTest, AKnownCredentialNeedsNoCoroutine) {
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, {});
  FakeServerCall call = Call(kUsersRead);
  call.metadata["authorization"] = "Bearer " + key_.key;
  EXPECT_NE(interceptor.Before(call).task(), nullptr);
  EXPECT_TRUE(Run(interceptor, call).ok());
  EXPECT_EQ(interceptor.Before(call).task(), nullptr);
}

TEST_F(InterceptorsTest, AStaleVerdictIsRenewedByOneCall) {
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, {});
  FakeServerCall call = Call(kUsersRead);
  call.metadata["authorization"] = "Bearer " + key_.key;
  EXPECT_TRUE(Run(interceptor, call).ok());
  clock_.Advance(std::chrono::seconds(60));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(Run(interceptor, call).ok());
  EXPECT_EQ(store_.statements, 2);
  clock_.Advance(std::chrono::seconds(59));
  EXPECT_TRUE(Run(interceptor, call).ok());
  EXPECT_EQ(store_.statements, 2);
}

TEST_F(InterceptorsTest, EveryBadCredentialIsRefusedAlike) {
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, Recorder());
  const std::vector<std::optional<std::string>> headers = {
      std::nullopt,
      "",
      "Bearer",
      "Bearer ",
      "Basic YTpi",
      key_.key,
      "Bearer   ",
      "Bearer\t" + key_.key,
      "Bearer " + key_.key + " ",
      "Bearer " + MakeApiKey(kTenant).key,
      "Bearer " + std::string(5000, 'x'),
      "Bearer eyJhbGciOiJub25lIn0.e30.",
      std::string("Bearer \xff\0", 9),
  };
  for (const auto& header : headers) {
    FakeServerCall call = Call(kUsersRead);
    if (header) call.metadata["authorization"] = *header;
    EXPECT_EQ(Run(interceptor, call), Unauthenticated()) << header.value_or("none");
    EXPECT_EQ(call.context().principal().kind, Principal::Kind::kAnonymous);
  }
  EXPECT_EQ(denials_.size(), headers.size());
  EXPECT_EQ(denials_[0].kind, Denial::Kind::kUnauthenticated);
}

TEST_F(InterceptorsTest, PublicMethodsNeedNoCredentialAndIgnoreDeadOnes) {
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, Recorder());
  FakeServerCall call = Call({.is_public = true});
  EXPECT_TRUE(Run(interceptor, call).ok());
  call.metadata["authorization"] = "Bearer dead";
  EXPECT_TRUE(Run(interceptor, call).ok());
  EXPECT_EQ(call.context().principal().kind, Principal::Kind::kAnonymous);
  EXPECT_TRUE(denials_.empty());
}

TEST_F(InterceptorsTest, ADatabaseThatFailsIsNoDenial) {
  AuthenticationInterceptor interceptor(authenticator_, RateLimit{}, Recorder());
  store_.down = true;
  FakeServerCall call = Call(kUsersRead);
  call.metadata["authorization"] = "Bearer " + key_.key;
  EXPECT_EQ(Run(interceptor, call).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(denials_.empty());
}

TEST_F(InterceptorsTest, AuthorisationFollowsTheAccessOption) {
  AuthorisationInterceptor interceptor(Recorder());
  const Principal reader{.kind = Principal::Kind::kUser,
                         .permissions = PermissionBit(Permission::kUsersRead)};
  const Principal viewer{.kind = Principal::Kind::kUser};
  const Principal key{.kind = Principal::Kind::kApiKey};
  AccessPolicy or_self = kUsersRead;
  or_self.self = true;
  const auto allows = [&](AccessPolicy access, const Principal& principal) {
    FakeServerCall call = Call(std::move(access), principal);
    return Run(interceptor, call).ok();
  };
  EXPECT_TRUE(allows(kUsersRead, reader));
  EXPECT_FALSE(allows(kUsersRead, viewer));
  EXPECT_TRUE(allows(or_self, viewer));
  EXPECT_FALSE(allows(or_self, key)) << "a key has no self";
  EXPECT_FALSE(allows(or_self, Principal{}));
  EXPECT_TRUE(allows({.is_public = true}, Principal{}));
  EXPECT_FALSE(allows({}, reader)) << "a method without a policy is closed";
  EXPECT_TRUE(allows(kUsersRead, Principal{.kind = Principal::Kind::kSystem}));
}

TEST_F(InterceptorsTest, ADenialNamesThePermissionAndIsReported) {
  AuthorisationInterceptor interceptor(Recorder());
  FakeServerCall call = Call(kUsersRead, {.kind = Principal::Kind::kUser});
  const absl::Status denied = Run(interceptor, call);
  EXPECT_EQ(denied.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(base::GetErrorDetails(denied)->metadata[0].second, "users.read");
  EXPECT_THAT(DenialKinds(), ElementsAre(Denial::Kind::kPermissionDenied));
  EXPECT_EQ(denials_[0].permission, "users.read");
}

TEST_F(InterceptorsTest, ADenialByTheHandlerIsReportedAsWell) {
  AuthorisationInterceptor interceptor(Recorder());
  FakeServerCall call = Call(kUsersRead, {.kind = Principal::Kind::kUser});
  const auto end = [&](const absl::Status& status) {
    EXPECT_TRUE(runner_.Run<absl::Status>([&] { return End(&interceptor, &call, &status); }).ok());
  };
  end(absl::NotFoundError("no such user"));
  EXPECT_THAT(DenialKinds(), ElementsAre());
  end(PermissionDenied("sessions.read"));
  end(absl::PermissionDeniedError("a rule"));
  EXPECT_THAT(DenialKinds(),
              ElementsAre(Denial::Kind::kPermissionDenied, Denial::Kind::kPermissionDenied));
  EXPECT_EQ(denials_[0].permission, "sessions.read");
  EXPECT_EQ(denials_[1].permission, "");
  EXPECT_FALSE(AuthorisationInterceptor({}).OnError(call, absl::PermissionDeniedError("a rule")));
}

TEST_F(InterceptorsTest, RateLimitsCountPerPrincipal) {
  RateLimitInterceptor interceptor({.per_principal = {.rate = 1, .burst = 2}}, Recorder());
  const base::Uuid other = base::Uuid::MakeV7(kStart);
  const base::SteadyTime now = std::chrono::steady_clock::now();
  const auto status = [&](const base::Uuid& id) {
    FakeServerCall call = Call(kUsersRead, {.kind = Principal::Kind::kApiKey, .id = id});
    call.started = now;
    return Run(interceptor, call);
  };
  EXPECT_TRUE(status(kKeyId).ok());
  EXPECT_TRUE(status(kKeyId).ok());
  const absl::Status limited = status(kKeyId);
  EXPECT_EQ(limited.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(base::HasReason(limited, base::Reason::kRateLimited));
  EXPECT_EQ(base::GetErrorDetails(limited)->retry_after, std::chrono::seconds(1));
  EXPECT_TRUE(status(other).ok());
  EXPECT_THAT(DenialKinds(), ElementsAre(Denial::Kind::kRateLimited));
}

TEST_F(InterceptorsTest, RateLimitsCountAnonymousCallsPerAddress) {
  RateLimitInterceptor interceptor({.per_address = {.rate = 1, .burst = 1}}, {});
  const auto allows = [&](const char* address) {
    FakeServerCall call(runner_.Context({.peer = base::IpAddress::Parse(address)->Unmapped()}),
                        {.name = "/test.Service/Method", .access = {.is_public = true}});
    return Run(interceptor, call).ok();
  };
  EXPECT_TRUE(allows("192.0.2.1"));
  EXPECT_FALSE(allows("192.0.2.1"));
  EXPECT_TRUE(allows("192.0.2.2"));
  EXPECT_TRUE(allows("2001:db8:1:2::1"));
  EXPECT_FALSE(allows("2001:db8:1:2:ffff::9")) << "one /64 is one customer";
  EXPECT_TRUE(allows("2001:db8:1:3::1"));
  EXPECT_TRUE(allows("::ffff:198.51.100.1"));
  EXPECT_TRUE(allows("::ffff:198.51.100.2"));
}

TEST_F(InterceptorsTest, AnonymousCallsCountByTheirSize) {
  RateLimitInterceptor interceptor({.per_address = {.rate = 1, .burst = 10}}, {});
  const base::SteadyTime now = std::chrono::steady_clock::now();
  const auto allows = [&](size_t bytes) {
    FakeServerCall call = Call({.is_public = true});
    call.started = now;
    call.request_bytes = bytes;
    return Run(interceptor, call).ok();
  };
  EXPECT_TRUE(allows(1023));
  EXPECT_TRUE(allows(6 * 1024));
  EXPECT_FALSE(allows(2 * 1024));
  EXPECT_TRUE(allows(1024));
  EXPECT_FALSE(allows(0));
}

TEST_F(InterceptorsTest, HealthChecksAreNotLimitedAndZeroTurnsLimitsOff) {
  RateLimitInterceptor limited({.per_address = {.rate = 1, .burst = 1}}, {});
  RateLimitInterceptor off({.per_principal = {}, .per_address = {}}, {});
  for (int i = 0; i < 10; ++i) {
    FakeServerCall health = Call({.is_public = true});
    health.mutable_method().exempt_from_admission = true;
    EXPECT_TRUE(Run(limited, health).ok());
    FakeServerCall call = Call({.is_public = true});
    EXPECT_TRUE(Run(off, call).ok());
  }
}

}  // namespace
}  // namespace gatehouse::auth
