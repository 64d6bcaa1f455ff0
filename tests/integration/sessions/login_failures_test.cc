// What becomes of many failed logins.

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip_address.h"
#include "base/status.h"
#include "service/session/login/login_failures_worker.h"
#include "tests/integration/sessions/session_fixture.h"

namespace gatehouse::tests {
namespace {

constexpr char kHere[] = "192.0.2.1";
constexpr char kElsewhere[] = "192.0.2.2";

class LoginFailuresTest : public SessionFixture {
 protected:
  static constexpr int kBurst = 5;

  void Configure(TestBackend::Options& options) override {
    SessionFixture::Configure(options);
    options.config.auth.login_failures_burst = kBurst;
    // None comes back during a test.
    options.config.auth.login_failures_per_minute = 1;
    options.config.auth.hash_queue = 1000;
  }

  using Outcome = absl::StatusOr<v1::CreateSessionResponse>;

  std::future<Outcome> StartLogin(const std::string& address, const std::string& login,
                                  const std::string& password) {
    v1::CreateSessionRequest request;
    request.set_login(login);
    request.set_password(password);
    return backend().runner.Start<Outcome>([this, address, request] {
      return backend().services.sessions.CreateSession(
          backend().runner.Context({.peer = base::IpAddress::Parse(address)}), request);
    });
  }

  Outcome LogInFrom(const std::string& address, const std::string& login,
                    const std::string& password) {
    return StartLogin(address, login, password).get();
  }

  void WriteCounted() {
    const absl::Status written = backend().runner.Run<absl::Status>(
        [this] { return backend().auth.login_failures.WriteCounted(backend().SystemContext()); });
    EXPECT_TRUE(written.ok()) << written;
  }

  // Of all failures on record: how many attempts they tell of.
  std::string Attempts(const std::string& condition = "true") {
    return Ask(
        "SELECT coalesce(sum(coalesce((details->>'count')::bigint, 1)), 0) FROM gatehouse.event "
        "WHERE type = 'session.login_failed' AND outcome = 2 AND " +
        condition);
  }
};

TEST_F(LoginFailuresTest, ManyAtOnceAreNeitherAllHashedNorForgotten) {
  const std::string ada = AddUser("ada");
  const uint64_t hashes = backend().auth.hasher.hash_count();
  std::vector<std::future<Outcome>> attempts;
  for (int i = 0; i < 400; ++i) attempts.push_back(StartLogin(kHere, "ada", "wrong password"));
  int failed = 0;
  int refused = 0;
  for (auto& attempt : attempts) {
    const absl::Status status = attempt.get().status();
    failed += base::HasReason(status, base::Reason::kLoginFailed);
    refused += base::HasReason(status, base::Reason::kRateLimited);
    if (base::HasReason(status, base::Reason::kRateLimited)) {
      EXPECT_GT(base::GetErrorDetails(status)->retry_after.value_or(std::chrono::milliseconds(0)),
                std::chrono::milliseconds(0));
    }
  }
  EXPECT_EQ(failed, kBurst);
  EXPECT_EQ(refused, 400 - kBurst);
  EXPECT_EQ(backend().auth.hasher.hash_count() - hashes, static_cast<uint64_t>(kBurst));
  EXPECT_EQ(backend().auth.login_failures.refused(), 400u - kBurst);

  WriteCounted();
  EXPECT_EQ(CountEvents("session.login_failed"), std::to_string(kBurst + 1));
  EXPECT_EQ(Attempts("targets->0->>'id' = '" + ada +
                     "' AND ip_address = '192.0.2.1' AND "
                     "actor_type = 'anonymous'"),
            "400");
  // What was written is not counted again.
  WriteCounted();
  EXPECT_EQ(Attempts(), "400");
  // And it goes on under the account's name.
  EXPECT_FALSE(LogInFrom(kHere, "ada", kPassword).ok());
  WriteCounted();
  EXPECT_EQ(Attempts("targets->0->>'id' = '" + ada + "'"), "401");
}

TEST_F(LoginFailuresTest, TheOwnerLogsInFromElsewhere) {
  AddUser("ada");
  for (int i = 0; i < kBurst; ++i) {
    EXPECT_TRUE(
        base::HasReason(LogInFrom(kHere, "ada", "wrong").status(), base::Reason::kLoginFailed));
  }
  EXPECT_TRUE(
      base::HasReason(LogInFrom(kHere, "Ada", kPassword).status(), base::Reason::kRateLimited));
  EXPECT_TRUE(LogInFrom(kElsewhere, "ada", kPassword).ok());
  // Nor is another account concerned.
  AddUser("bob");
  EXPECT_TRUE(LogInFrom(kHere, "bob", kPassword).ok());
}

TEST_F(LoginFailuresTest, TheRightPasswordCostsNothing) {
  AddUser("ada");
  for (int i = 0; i < 2 * kBurst; ++i) EXPECT_TRUE(LogInFrom(kHere, "ada", kPassword).ok()) << i;
}

// Code, reason, message, hashes, statements: all the same at every attempt.
TEST_F(LoginFailuresTest, AnAccountThatDoesNotExistIsRefusedTheSame) {
  AddUser("ada");
  AddWhoMayNotLogIn();
  const std::vector<std::string> logins = {"ada", "nobody-at-all", "bob", "carol", "dave"};
  std::vector<std::vector<std::string>> messages(logins.size());
  for (size_t which = 0; which < logins.size(); ++which) {
    for (int i = 0; i < kBurst + 2; ++i) {
      const uint64_t hashes = backend().auth.hasher.hash_count();
      const uint64_t statements = backend().statements();
      const absl::Status status = LogInFrom(kHere, logins[which], "wrong").status();
      EXPECT_FALSE(status.ok());
      messages[which].push_back(std::string(status.message()) + " " +
                                std::to_string(static_cast<int>(status.code())));
      const bool refused = i >= kBurst;
      EXPECT_EQ(backend().auth.hasher.hash_count() - hashes, refused ? 0u : 1u)
          << logins[which] << i;
      EXPECT_EQ(backend().statements() - statements, refused ? 0u : 2u) << logins[which] << i;
    }
    EXPECT_EQ(messages[which], messages[0]) << logins[which];
  }
  WriteCounted();
  // Of nobody, and of who was deleted, which is nobody any more.
  EXPECT_EQ(Attempts("targets = '[]'"), std::to_string(2 * (kBurst + 2)));
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE event::text LIKE '%nobody-at-all%'"),
            "0");
}

TEST_F(LoginFailuresTest, FailuresAtManyAccountsAreCountedBeyondARate) {
  const int recorded = static_cast<int>(service::LoginFailures::kRecorded.burst);
  for (int i = 0; i < recorded + 40; ++i) {
    LogInFrom(kHere, "nobody" + std::to_string(i), "wrong").IgnoreError();
  }
  WriteCounted();
  EXPECT_EQ(Attempts(), std::to_string(recorded + 40));
  // One for all that were counted. On a slow machine some more have one of their own.
  EXPECT_LT(std::stoi(CountEvents("session.login_failed")), recorded + 40);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'session.login_failed' AND "
                "details ? 'count'"),
            "1");
}

TEST_F(LoginFailuresTest, AStopWritesWhatIsCounted) {
  AddUser("ada");
  {
    service::LoginFailuresWorker worker(backend().runner.loop(), backend().auth.login_failures);
    worker.Start();
    for (int i = 0; i < kBurst + 7; ++i) LogInFrom(kHere, "ada", "wrong").IgnoreError();
    EXPECT_EQ(Attempts(), std::to_string(kBurst));
    worker.Stop(std::chrono::seconds(60));
  }
  EXPECT_EQ(Attempts(), std::to_string(kBurst + 7));
  EXPECT_EQ(backend().auth.login_failures.counted(), 0u);
}

}  // namespace
}  // namespace gatehouse::tests
