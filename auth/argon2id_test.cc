#include "auth/argon2id.h"

#include <argon2.h>
#include <gtest/gtest.h>

#include <string>

namespace gatehouse::auth {
namespace {

constexpr Argon2idParams kCheap = {.memory_kib = 64, .passes = 2, .lanes = 2};

// From the test suite of the reference implementation: m = 65536, t = 2, p = 1.
constexpr char kReference[] =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"
    "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

TEST(Argon2idTest, AgreesWithTheReferenceVector) {
  const auto hash = ParseArgon2idHash(kReference);
  ASSERT_TRUE(hash.has_value());
  EXPECT_EQ(hash->salt, "somesalt");
  Argon2idArena arena;
  EXPECT_EQ(Argon2idDigest(hash->params, "password", hash->salt, 32, arena), hash->digest);
  EXPECT_NE(Argon2idDigest(hash->params, "Password", hash->salt, 32, arena), hash->digest);
}

TEST(Argon2idTest, AnArenaThatWasUsedGivesTheSameDigests) {
  Argon2idArena arena;
  const auto first = Argon2idDigest(kCheap, "password", "saltsalt", 32, arena);
  Argon2idDigest({.memory_kib = 256, .passes = 1, .lanes = 1}, "other", "saltsalt", 32, arena);
  EXPECT_EQ(Argon2idDigest(kCheap, "password", "saltsalt", 32, arena), first);
  arena.Release();
  EXPECT_EQ(Argon2idDigest(kCheap, "password", "saltsalt", 32, arena), first);
}

TEST(Argon2idTest, LanesOnOneThreadAreTheSameFunction) {
  Argon2idArena arena;
  std::string expected(32, '\0');
  argon2id_hash_raw(kCheap.passes, kCheap.memory_kib, kCheap.lanes, "password", 8, "saltsalt", 8,
                    expected.data(), expected.size());
  EXPECT_EQ(Argon2idDigest(kCheap, "password", "saltsalt", 32, arena), expected);
}

TEST(Argon2idTest, FormatsWhatItParses) {
  EXPECT_EQ(FormatArgon2idHash(*ParseArgon2idHash(kReference)), kReference);
}

TEST(Argon2idTest, OurStringsAreThoseOfTheReferenceImplementation) {
  Argon2idArena arena;
  Argon2idHash hash{.params = kCheap, .salt = "0123456789abcdef", .digest = {}};
  hash.digest = *Argon2idDigest(kCheap, "password", hash.salt, 32, arena);
  const std::string phc = FormatArgon2idHash(hash);
  EXPECT_EQ(argon2id_verify(phc.c_str(), "password", 8), ARGON2_OK) << phc;
}

TEST(Argon2idTest, RefusesWhatWouldExhaustTheServer) {
  const auto with = [](const std::string& params) {
    return ParseArgon2idHash("$argon2id$v=19$" + params +
                             "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
  };
  EXPECT_TRUE(with("m=1048576,t=10,p=16").has_value());
  EXPECT_FALSE(with("m=1048577,t=1,p=1").has_value());
  EXPECT_FALSE(with("m=64,t=11,p=1").has_value());
  EXPECT_FALSE(with("m=4096,t=1,p=17").has_value());
  EXPECT_FALSE(with("m=4294967297,t=1,p=1").has_value());
}

TEST(Argon2idTest, RefusesMalformedStrings) {
  for (const char* phc : {
           "",
           "password",
           "$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=16$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=0,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=064,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=-64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=64,t=2,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=15,t=2,p=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=64,t=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ",
           "$argon2id$v=19$m=64,t=2,p=1$c29$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFh",
           "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ=$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q$",
           "$argon2id$v=19$m=64,t=2,p=1$c29!ZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
       }) {
    EXPECT_FALSE(ParseArgon2idHash(phc).has_value()) << phc;
  }
  // The one they were made from is fine.
  EXPECT_TRUE(ParseArgon2idHash("$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q"));
}

}  // namespace
}  // namespace gatehouse::auth
