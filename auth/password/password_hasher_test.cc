#include "auth/password/password_hasher.h"

#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "auth/password/argon2id.h"
#include "auth/password/hash/password_hash.h"
#include "base/ip_address.h"
#include "base/status.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::auth {
namespace {

using namespace std::chrono_literals;

constexpr Argon2idParams kCheap = {.memory_kib = 64, .passes = 1, .lanes = 1};
// Long enough (tens of milliseconds) that what is queued behind one still waits.
constexpr Argon2idParams kSlow = {.memory_kib = 64 * 1024, .passes = 3, .lanes = 1};

class PasswordHasherTest : public ::testing::Test {
 protected:
  std::string Hash(PasswordHasher& hasher, const std::string& password) {
    const auto hash = runner_.Run<absl::StatusOr<std::string>>(
        [&] { return hasher.Hash(runner_.Context(), password); });
    EXPECT_TRUE(hash.ok()) << hash.status();
    return hash.value_or("");
  }

  std::future<absl::StatusOr<bool>> StartVerify(PasswordHasher& hasher, base::CallContext context,
                                                std::optional<std::string> phc,
                                                std::optional<std::string> password) {
    return runner_.Start<absl::StatusOr<bool>>(
        [&hasher, context, phc, password] { return hasher.VerifyOrDummy(context, phc, password); });
  }

  // Verifies into `answer`; how many hashes there had been by then.
  static base::Task<uint64_t> CountWhenAnswered(PasswordHasher* hasher, base::CallContext context,
                                                absl::StatusOr<bool>* answer) {
    *answer = co_await hasher->VerifyOrDummy(context, std::nullopt, "password1");
    co_return hasher->hash_count();
  }

  absl::StatusOr<bool> Verify(PasswordHasher& hasher, std::optional<std::string> phc,
                              std::optional<std::string> password) {
    return StartVerify(hasher, runner_.Context(), phc, password).get();
  }

  tests::LoopRunner runner_;
};

TEST_F(PasswordHasherTest, VerifiesWhatItHashed) {
  PasswordHasher hasher({.params = kCheap, .threads = 2});
  const std::string phc = Hash(hasher, "correct horse");
  EXPECT_TRUE(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$")) << phc;
  EXPECT_EQ(*Verify(hasher, phc, "correct horse"), true);
  EXPECT_EQ(*Verify(hasher, phc, "correct horsf"), false);
  EXPECT_NE(Hash(hasher, "correct horse"), phc) << "salts must differ";
}

TEST_F(PasswordHasherTest, VerifiesHashesOfOtherCosts) {
  PasswordHasher old_hasher({.params = kCheap, .threads = 1});
  PasswordHasher hasher({.params = {.memory_kib = 128, .passes = 2, .lanes = 1}, .threads = 1});
  const std::string phc = Hash(old_hasher, "password1");
  EXPECT_EQ(*Verify(hasher, phc, "password1"), true);
  EXPECT_TRUE(hasher.NeedsRehash(phc));
  EXPECT_FALSE(old_hasher.NeedsRehash(phc));
  EXPECT_TRUE(hasher.NeedsRehash("$2b$10$abcdefghijklmnopqrstuv"));
  const std::string digest = "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  EXPECT_FALSE(hasher.NeedsRehash("$argon2id$v=19$m=128,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg" + digest));
  EXPECT_TRUE(hasher.NeedsRehash("$argon2id$v=19$m=128,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZjAx" + digest))
      << "a longer salt, which the faster library does not take";
}

// As another server of the same database may have measured them.
TEST_F(PasswordHasherTest, HashesOfCostsThatAreAsGoodStay) {
  constexpr Argon2idParams kNext = {.memory_kib = 128, .passes = 1, .lanes = 1};
  PasswordHasher next({.params = kNext, .threads = 1});
  const std::string phc = Hash(next, "password1");
  PasswordHasher hasher({.params = kCheap, .as_good = {kNext}, .threads = 1});
  EXPECT_FALSE(hasher.NeedsRehash(phc));
  EXPECT_EQ(*Verify(hasher, phc, "password1"), true);
  EXPECT_FALSE(hasher.NeedsRehash(Hash(hasher, "password1")));
  EXPECT_TRUE(Hash(hasher, "password1").starts_with("$argon2id$v=19$m=64,t=1,p=1$"));
  PasswordHasher other({.params = {.memory_kib = 64, .passes = 2, .lanes = 1}, .threads = 1});
  EXPECT_TRUE(hasher.NeedsRehash(Hash(other, "password1")));
}

TEST_F(PasswordHasherTest, EveryKindOfFailureCostsOneHash) {
  PasswordHasher hasher({.params = kCheap, .threads = 1});
  const std::string phc = Hash(hasher, "password1");
  const std::vector<std::pair<std::optional<std::string>, std::optional<std::string>>> failures = {
      {phc, "wrong password"},
      {std::nullopt, "password1"},
      {std::nullopt, ""},
      {phc, std::nullopt},
      {phc, ""},
      {std::nullopt, std::nullopt},
      {"", "password1"},
      {"$2b$10$abcdefghijklmnopqrstuv", "password1"},
      {"$argon2id$v=19$m=4294967295,t=9,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q", "password1"},
      // Beyond the limits: a dummy in its place, and not the hash itself.
      {"$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "password1"},
      {"$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "password1"},
  };
  for (const auto& [stored, password] : failures) {
    const uint64_t before = hasher.hash_count();
    const auto verified = Verify(hasher, stored, password);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_FALSE(*verified) << stored.value_or("no hash");
    EXPECT_EQ(hasher.hash_count() - before, 1u) << stored.value_or("no hash");
  }
}

TEST_F(PasswordHasherTest, ADummyCostsWhatMostStoredHashesCost) {
  constexpr Argon2idParams kOld = {.memory_kib = 64, .passes = 2, .lanes = 1};
  PasswordHasher before({.params = kOld, .threads = 1});
  const std::string old_hash = Hash(before, "password1");
  PasswordHasher hasher({.params = kCheap, .threads = 1});
  const std::string new_hash = Hash(hasher, "password1");
  EXPECT_EQ(hasher.usual_cost(), CostOf(kCheap));
  hasher.ExpectStored(std::vector{new_hash, old_hash, old_hash});
  EXPECT_EQ(hasher.usual_cost(), CostOf(kOld));
  // Those who log in have new ones, and are the fewest.
  for (int i = 0; i < 5; ++i) ASSERT_EQ(*Verify(hasher, new_hash, "password1"), true);
  EXPECT_EQ(hasher.usual_cost(), CostOf(kOld));
  hasher.ExpectStored(std::vector{old_hash, new_hash, new_hash});
  EXPECT_EQ(hasher.usual_cost(), CostOf(kCheap));
  hasher.ExpectStored(std::vector<std::string>{"hash", "", old_hash, "hash"});
  EXPECT_EQ(hasher.usual_cost(), CostOf(kOld)) << "nobody logs in by what is no hash";
  hasher.ExpectStored({});
  EXPECT_EQ(hasher.usual_cost(), CostOf(kCheap));
}

// "U*U" and "Hello world!", of the test suites of crypt_blowfish and of SHA-crypt.
constexpr char kBcrypt[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
constexpr char kSha256Crypt[] = "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5";

TEST_F(PasswordHasherTest, VerifiesHashesOfOthersAndWantsThemReplaced) {
  PasswordHasher hasher({.params = kCheap, .threads = 2});
  EXPECT_EQ(*Verify(hasher, kBcrypt, "U*U"), true);
  EXPECT_EQ(*Verify(hasher, kBcrypt, "U*V"), false);
  EXPECT_EQ(*Verify(hasher, kSha256Crypt, "Hello world!"), true);
  EXPECT_EQ(*Verify(hasher, kSha256Crypt, "Hello world"), false);
  EXPECT_TRUE(hasher.NeedsRehash(kBcrypt));
  EXPECT_TRUE(hasher.NeedsRehash(kSha256Crypt));
}

// Also one that the library of such hashes takes none of: a failure would tell who has one.
TEST_F(PasswordHasherTest, ALongPasswordIsWrongForWhoeverItIsSaidToBe) {
  PasswordHasher hasher({.params = kCheap, .threads = 1});
  for (const std::optional<std::string>& stored :
       {std::optional<std::string>(kBcrypt), std::optional<std::string>(kSha256Crypt),
        std::optional<std::string>()}) {
    const auto verified = Verify(hasher, stored, std::string(1024, 'x'));
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_FALSE(*verified);
  }
}

TEST_F(PasswordHasherTest, AfterAnImportADummyIsOfTheKindOfMost) {
  PasswordHasher hasher({.params = kCheap, .threads = 1});
  hasher.ExpectStored(std::vector<std::string>{kSha256Crypt, kBcrypt, kBcrypt});
  EXPECT_EQ(hasher.usual_cost().kind, HashKind::kBcrypt);
  EXPECT_EQ(hasher.usual_cost().rounds, 5u);
  const uint64_t before = hasher.hash_count();
  EXPECT_EQ(*Verify(hasher, std::nullopt, "password1"), false);
  EXPECT_EQ(hasher.hash_count() - before, 1u);
}

TEST_F(PasswordHasherTest, LargeHashesOfOthersAreComputedOneByOneAndAllAnswered) {
  PasswordHasher hasher({.params = kCheap, .threads = 4});
  // "password": m = 65536, of the test suite of the reference implementation.
  const std::string large =
      "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";
  std::vector<std::future<absl::StatusOr<bool>>> calls;
  for (int i = 0; i < 4; ++i) {
    calls.push_back(
        StartVerify(hasher, runner_.Context(), large, i == 2 ? "passwore" : "password"));
  }
  for (int i = 0; i < 4; ++i) EXPECT_EQ(*calls[i].get(), i != 2) << i;
}

// Who knows of an account with such a hash cannot keep others from logging in.
TEST_F(PasswordHasherTest, LargeHashesOfOthersTakeOneThreadAndLeaveTheRest) {
  PasswordHasher hasher({.params = kCheap, .threads = 2});
  const std::string large =
      "$argon2i$v=19$m=40960,t=3,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";
  std::vector<std::future<absl::StatusOr<bool>>> calls;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(StartVerify(hasher, runner_.Context(), large, "password1"));
  }
  absl::StatusOr<bool> answer;
  const uint64_t done =
      runner_.Run<uint64_t>([&] { return CountWhenAnswered(&hasher, runner_.Context(), &answer); });
  EXPECT_TRUE(answer.ok()) << answer.status();
  EXPECT_LT(done, 5u) << "it waited for those before it";
  for (auto& call : calls) EXPECT_EQ(*call.get(), false);
  EXPECT_EQ(hasher.hash_count(), 9u);
  EXPECT_EQ(hasher.queued(), 0u);
}

TEST_F(PasswordHasherTest, AFullQueueIsRefusedWithADelay) {
  PasswordHasher hasher({.params = kSlow, .threads = 1, .max_queued = 1});
  std::vector<std::future<absl::StatusOr<bool>>> calls;
  // One is computed, one waits. Started on the loop, so that they arrive within microseconds and
  // not as fast as threads take turns; a hash takes tens of milliseconds, so of ten some are
  // refused.
  runner_.RunPlain([&] {
    for (int i = 0; i < 10; ++i) {
      calls.push_back(StartVerify(hasher, runner_.Context(), std::nullopt, "password1"));
    }
  });
  int refused = 0;
  for (auto& call : calls) {
    const auto result = call.get();
    if (result.ok()) continue;
    ++refused;
    EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
    const auto details = base::GetErrorDetails(result.status());
    EXPECT_EQ(details->reason, base::Reason::kHashingOverloaded);
    EXPECT_GE(details->retry_after.value_or(0ms), 10ms);
    EXPECT_EQ(details->quota, "password hashes waiting");
  }
  EXPECT_GE(refused, 1);
  // And it recovers.
  EXPECT_TRUE(Verify(hasher, std::nullopt, "password1").ok());
}

TEST_F(PasswordHasherTest, WhoFillsTheQueueDoesNotMakeOthersWait) {
  PasswordHasher hasher({.params = kSlow, .threads = 1, .max_queued = 8});
  std::vector<std::future<absl::StatusOr<bool>>> flood;
  absl::StatusOr<bool> honest;
  std::future<uint64_t> hashed_before;
  const base::CallContext elsewhere =
      runner_.Context({.peer = base::IpAddress::Parse("192.0.2.2")});
  // On the loop, within microseconds: the first hash is under way at most.
  runner_.RunPlain([&] {
    for (int i = 0; i < 400; ++i) {
      flood.push_back(StartVerify(hasher,
                                  runner_.Context({.peer = base::IpAddress::Parse("192.0.2.1")}),
                                  std::nullopt, "password1"));
    }
    hashed_before =
        runner_.Start<uint64_t>([&] { return CountWhenAnswered(&hasher, elsewhere, &honest); });
  });
  // What was under way, one that had its turn, and itself; some more may have ended meanwhile. In
  // one line with them it would be refused.
  EXPECT_LT(hashed_before.get(), 8u);
  EXPECT_TRUE(honest.ok()) << honest.status();
  int refused = 0;
  for (auto& call : flood)
    refused += base::HasReason(call.get().status(), base::Reason::kHashingOverloaded);
  EXPECT_GE(refused, 380);
  EXPECT_LE(refused, 393);
}

TEST_F(PasswordHasherTest, ACallThatCannotBeServedInTimeIsRefusedAtOnce) {
  PasswordHasher hasher({.params = kSlow, .threads = 1});
  Hash(hasher, "password1");  // Now it knows what a hash takes: tens of milliseconds.
  const uint64_t before = hasher.hash_count();
  const auto soon = std::chrono::steady_clock::now() + 1ms;
  const auto result =
      StartVerify(hasher, runner_.Context({.deadline = soon}), std::nullopt, "password1").get();
  EXPECT_TRUE(base::HasReason(result.status(), base::Reason::kHashingOverloaded) ||
              base::HasReason(result.status(), base::Reason::kDeadline))
      << result.status();
  EXPECT_EQ(hasher.hash_count(), before);
  const auto later = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  EXPECT_TRUE(StartVerify(hasher, runner_.Context({.deadline = later}), std::nullopt, "password1")
                  .get()
                  .ok());
}

TEST_F(PasswordHasherTest, ADeadlineThatPassedIsToldAsSuch) {
  PasswordHasher hasher({.params = kCheap, .threads = 1});
  const auto past = std::chrono::steady_clock::now() - 1ms;
  const auto result =
      StartVerify(hasher, runner_.Context({.deadline = past}), std::nullopt, "password1").get();
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_TRUE(base::HasReason(result.status(), base::Reason::kDeadline));
}

TEST_F(PasswordHasherTest, ACancelledCallIsAnsweredAtOnceAndItsJobSkipped) {
  PasswordHasher hasher({.params = kSlow, .threads = 1});
  // Enough ahead of it that it has not begun when it is cancelled. All on the loop, which goes from
  // one to the next within microseconds and not as fast as threads take turns.
  std::vector<std::future<absl::StatusOr<bool>>> ahead;
  const base::CallContext context = runner_.Context();
  absl::StatusOr<bool> cancelled;
  std::future<uint64_t> hashed_before;
  runner_.RunPlain([&] {
    for (int i = 0; i < 5; ++i) {
      ahead.push_back(StartVerify(hasher, runner_.Context(), std::nullopt, "password1"));
    }
    hashed_before =
        runner_.Start<uint64_t>([&] { return CountWhenAnswered(&hasher, context, &cancelled); });
    runner_.loop().Post([&] { context.cancel().Cancel(); });
  });
  EXPECT_LT(hashed_before.get(), 5u) << "it was answered before its turn";
  EXPECT_EQ(cancelled.status().code(), absl::StatusCode::kCancelled);
  for (auto& call : ahead) EXPECT_TRUE(call.get().ok());
  EXPECT_TRUE(Verify(hasher, std::nullopt, "password1").ok());
  EXPECT_EQ(hasher.hash_count(), 6u);
  EXPECT_EQ(StartVerify(hasher, context, std::nullopt, "password1").get().status().code(),
            absl::StatusCode::kCancelled);
}

TEST_F(PasswordHasherTest, ManyAtOnceOnSeveralThreadsAllGetTheirOwnAnswer) {
  PasswordHasher hasher({.params = kCheap, .threads = 4});
  const std::string phc = Hash(hasher, "password1");
  std::vector<std::future<absl::StatusOr<bool>>> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(
        StartVerify(hasher, runner_.Context(), phc, i % 3 == 0 ? "password1" : "password2"));
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*calls[i].get(), i % 3 == 0) << i;
}

TEST_F(PasswordHasherTest, AShorterDigestThanNewOnesGetIsMadeAnew) {
  PasswordHasher hasher({.params = kCheap, .threads = 1});
  const auto of_bytes = [](size_t salt, size_t digest) {
    return FormatArgon2idHash(
        {.params = kCheap, .salt = std::string(salt, 's'), .digest = std::string(digest, 'd')});
  };
  EXPECT_FALSE(hasher.NeedsRehash(of_bytes(16, 32)));
  EXPECT_TRUE(hasher.NeedsRehash(of_bytes(16, 31)));
  EXPECT_TRUE(hasher.NeedsRehash(of_bytes(16, 16)));
  EXPECT_FALSE(hasher.NeedsRehash(of_bytes(16, 64))) << "a longer one is as good";
  EXPECT_TRUE(hasher.NeedsRehash(of_bytes(15, 32)));
  EXPECT_TRUE(hasher.NeedsRehash(of_bytes(17, 32)));
}

}  // namespace
}  // namespace gatehouse::auth
