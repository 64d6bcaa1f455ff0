// What a login of nobody's costs, by the passwords that are stored.

#include "service/session/login/password_costs.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "auth/password/hash/password_hash.h"
#include "auth/password/password_hasher.h"
#include "tests/integration/sessions/session_fixture.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {
namespace {

// By the costs that were set before, and of those who came from elsewhere.
constexpr char kOld[] =
    "$argon2id$v=19$m=32,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"
    "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
constexpr char kBcrypt[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

class PasswordCostsTest : public SessionFixture {
 protected:
  auth::HashCost Learn() {
    const absl::Status learned = backend().runner.Run<absl::Status>([this] {
      return service::LearnPasswordCosts(&backend().storage->users, &backend().auth.hasher,
                                         backend().SystemContext());
    });
    EXPECT_TRUE(learned.ok()) << learned;
    return backend().auth.hasher.usual_cost();
  }
  static auth::HashCost CostOf(const std::string& hash) {
    return auth::ParsePasswordHash(hash)->cost;
  }
  // Copies of a user, in the order of `hashes` in the table as well.
  void Copy(const std::string& username, int number, const std::string& hash) {
    Ask("WITH copies AS (INSERT INTO gatehouse.user_account SELECT (u).* FROM "
        "(SELECT jsonb_populate_record(a, jsonb_build_object('user_id', gen_random_uuid(), "
        "'username', i || '" +
        hash + "', 'username_key', i || '" + hash +
        "', 'email', null, 'email_key', null, 'password_hash', '" + hash +
        "')) u FROM gatehouse.user_account a, generate_series(1, " + std::to_string(number) +
        ") i WHERE a.username = '" + username +
        "') copied RETURNING 1) SELECT count(*) FROM copies");
  }
};

TEST_F(PasswordCostsTest, AreThoseOfMostPasswordsThatAreStored) {
  const auth::HashCost own = backend().auth.hasher.usual_cost();
  EXPECT_EQ(Learn(), own) << "nobody has a password";
  AddUser("ada");
  Copy("ada", 3, kOld);
  // As a server does that was started with other costs.
  EXPECT_EQ(Learn(), CostOf(kOld));
  // Logins bring new hashes, and those who log in are few.
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(LogIn("ada").ok());
  EXPECT_EQ(Learn(), CostOf(kOld));
  Copy("ada", 5, kBcrypt);
  EXPECT_EQ(Learn(), CostOf(kBcrypt));
  Ask("UPDATE gatehouse.user_account SET state = 2 WHERE password_hash LIKE '$2a$%' RETURNING 1");
  EXPECT_EQ(Learn(), CostOf(kOld)) << "who may not log in does not count";
  Ask("UPDATE gatehouse.user_account SET delete_time = now() WHERE username <> 'ada' RETURNING 1");
  EXPECT_EQ(Learn(), own);
}

// On a server that measures its costs, and was told to take no time at all.
class MeasuredCostsTest : public PasswordCostsTest {
 protected:
  void Configure(TestBackend::Options& options) override {
    PasswordCostsTest::Configure(options);
    options.config.auth.argon2_target = std::chrono::milliseconds(1);
  }
};

TEST_F(MeasuredCostsTest, AreNeverBelowOwaspsLeast) {
  AddUser("ada");
  EXPECT_TRUE(LogIn("ada").ok());
  EXPECT_EQ(Ask("SELECT substr(password_hash, 1, 30) FROM gatehouse.user_account "
                "WHERE username = 'ada'"),
            "$argon2id$v=19$m=19456,t=2,p=1");
}

// A dummy is computed as those are.
TEST_F(PasswordCostsTest, ALoginOfNobodysIsOneHash) {
  AddUser("ada");
  Copy("ada", 3, kBcrypt);
  EXPECT_EQ(Learn(), CostOf(kBcrypt));
  const uint64_t before = backend().auth.hasher.hash_count();
  EXPECT_EQ(LogIn("nobody", "not the password").reason(), "LOGIN_FAILED");
  EXPECT_EQ(backend().auth.hasher.hash_count() - before, 1u);
}

}  // namespace
}  // namespace gatehouse::tests
