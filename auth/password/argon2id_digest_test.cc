#include "auth/password/argon2id_digest.h"

#include <argon2.h>
#include <gtest/gtest.h>

#include <string>

namespace gatehouse::auth {
namespace {

constexpr Argon2idParams kCheap = {.memory_kib = 64, .passes = 2, .lanes = 1};
constexpr char kSalt[] = "0123456789abcdef";

TEST(Argon2idDigestTest, AgreesWithTheReferenceVector) {
  // From the test suite of the reference implementation.
  const auto hash = ParseArgon2idHash(
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc");
  ASSERT_TRUE(hash.has_value());
  Argon2idArena arena;
  EXPECT_EQ(Argon2idDigest(hash->params, "password", hash->salt, 32, arena), hash->digest);
  EXPECT_NE(Argon2idDigest(hash->params, "Password", hash->salt, 32, arena), hash->digest);
}

// Whichever library computes it.
TEST(Argon2idDigestTest, AgreesWithTheReferenceImplementation) {
  Argon2idArena arena;
  for (const uint32_t lanes : {1, 2, 4}) {
    for (const uint32_t memory_kib : {32, 64, 100, 1024}) {
      for (const uint32_t passes : {1, 2, 3}) {
        for (const size_t salt_bytes : {8, 15, 16, 17, 32}) {
          for (const size_t digest_bytes : {16, 32, 64}) {
            const std::string salt(salt_bytes, 's');
            const std::string password(memory_kib % 60, 'p');
            std::string expected(digest_bytes, '\0');
            ASSERT_EQ(argon2id_hash_raw(passes, memory_kib, lanes, password.data(), password.size(),
                                        salt.data(), salt.size(), expected.data(), expected.size()),
                      ARGON2_OK);
            EXPECT_EQ(Argon2idDigest({.memory_kib = memory_kib, .passes = passes, .lanes = lanes},
                                     password, salt, digest_bytes, arena),
                      expected)
                << "m=" << memory_kib << " t=" << passes << " p=" << lanes << ", salt of "
                << salt_bytes << ", digest of " << digest_bytes;
          }
        }
      }
    }
  }
}

TEST(Argon2idDigestTest, BothLibrariesWorkInTheArena) {
  Argon2idArena of_sodium;
  ASSERT_TRUE(Argon2idDigest(kCheap, "password", kSalt, 32, of_sodium).has_value());
  EXPECT_GE(of_sodium.capacity(), kCheap.memory_kib * 1024u);
  Argon2idArena of_argon2;
  ASSERT_TRUE(Argon2idDigest(kCheap, "password", "saltsalt", 32, of_argon2).has_value());
  EXPECT_GE(of_argon2.capacity(), kCheap.memory_kib * 1024u);
}

TEST(Argon2idDigestTest, AnArenaThatWasUsedGivesTheSameDigests) {
  Argon2idArena arena;
  const auto first = Argon2idDigest(kCheap, "password", kSalt, 32, arena);
  Argon2idDigest({.memory_kib = 4096, .passes = 1, .lanes = 1}, "other", kSalt, 32, arena);
  EXPECT_EQ(Argon2idDigest(kCheap, "password", kSalt, 32, arena), first);
  arena.Release();
  EXPECT_EQ(Argon2idDigest(kCheap, "password", kSalt, 32, arena), first);
}

TEST(Argon2idDigestTest, AnArenaThatWasRefusedMemoryCanBeUsedAgain) {
  Argon2idArena arena;
  EXPECT_EQ(arena.Reserve(size_t{1} << 60), nullptr) << "more than an address space has";
  EXPECT_EQ(arena.capacity(), 0u);
  EXPECT_TRUE(Argon2idDigest(kCheap, "password", kSalt, 32, arena).has_value());
}

TEST(Argon2idDigestTest, OurStringsAreThoseOfTheReferenceImplementation) {
  Argon2idArena arena;
  Argon2idHash hash{.params = kCheap, .salt = kSalt, .digest = {}};
  hash.digest = *Argon2idDigest(kCheap, "password", hash.salt, 32, arena);
  const std::string phc = FormatArgon2idHash(hash);
  EXPECT_EQ(argon2id_verify(phc.c_str(), "password", 8), ARGON2_OK) << phc;
}

}  // namespace
}  // namespace gatehouse::auth
