#include "auth/password/hash/password_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "auth/password/argon2id_arena.h"
#include "auth/password/hash/hash_digest.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Vector {
  HashKind kind;
  std::string hash;
  std::string password;
};

std::vector<Vector> Vectors() {
  return {
      // The reference implementation's tests.
      {HashKind::kArgon2id,
       "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
       "password"},
      {HashKind::kArgon2i,
       "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA",
       "password"},
      // crypt_blowfish's tests.
      {HashKind::kBcrypt, "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
      {HashKind::kBcrypt, "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
      {HashKind::kBcrypt, "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
      {HashKind::kBcrypt, "$2y$04$abcdefghijklmnopqrstuum174eFeoTj0DHmtuueFaS3Wde4P7wHG",
       "p\xc3\xa4ssword"},
      // As Django writes it.
      {HashKind::kBcrypt, "bcrypt$$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
       "U*U"},
      // RFC 7914.
      {HashKind::kScrypt,
       "$scrypt$ln=10,r=8,p=16$TmFDbA$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/"
       "xCSedmDDaxyevuUqD7m2DYMvfoswGQA",
       "password"},
      // With N itself and padding, as Ory Kratos writes it; by Python's hashlib.
      {HashKind::kScrypt,
       "$scrypt$ln=1024,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg==$ZEBCzLptWM7dhpNJDU2HbQ945ovKHmVEozHkePPbS"
       "qw=",
       "password"},
      // As Django writes it; by Python's hashlib.
      {HashKind::kScrypt,
       "scrypt$1024$seasalt$8$1$31PFhAHfMCdqX/BGQIxXuAjBaIcgP0CgVuIps6DSp+8K7h82mbxhGi3Z9fAVqY17jT4"
       "eecjow+NbgfAYw3me9g==",
       "password"},
      // RFC 6070, and the same of other functions by Python's hashlib.
      {HashKind::kPbkdf2Sha1, "$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE", "password"},
      {HashKind::kPbkdf2Sha256,
       "$pbkdf2-sha256$i=4096,l=32$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o", "password"},
      {HashKind::kPbkdf2Sha512,
       "$pbkdf2-sha512$i=4096$c2FsdA$0Zexsz2wFD4BixLz0dFHnmzevcyXxcD4f2kC4HL0V7UUPzBgJkGz1VzTNZiMs2"
       "uEN2Bg7NUy4Dm3QqI5Q0ry1Q",
       "password"},
      // passlib's documentation.
      {HashKind::kPbkdf2Sha256,
       "$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44",
       "password"},
      // As Django writes them; by Python's hashlib.
      {HashKind::kPbkdf2Sha256,
       "pbkdf2_sha256$1000$seasalt$YIWkt6M1JFXrHg5s0jZjBSc7C2Cz6QvchSJ0h8Y+i7c=", "password"},
      {HashKind::kPbkdf2Sha1, "pbkdf2_sha1$1000$seasalt$C8KvRfPW529R7JpDHEDOP35Xr0g=", "password"},
      // The specification of SHA-crypt, and one with a salt of 16 characters by glibc's successor.
      {HashKind::kSha256Crypt, "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
       "Hello world!"},
      {HashKind::kSha256Crypt,
       "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA",
       "Hello world!"},
      {HashKind::kSha512Crypt,
       "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEO"
       "faS35inz1",
       "Hello world!"},
  };
}

std::string WhyNot(const std::string& hash) {
  const auto parsed = ParsePasswordHash(hash, "users[0].password_hash");
  if (parsed.ok()) return "it is fine";
  EXPECT_TRUE(base::HasReason(parsed.status(), base::Reason::kPasswordHashUnsupported));
  const auto details = base::GetErrorDetails(parsed.status());
  EXPECT_EQ(details->violations.at(0).field, "users[0].password_hash");
  return details->violations.at(0).description;
}

TEST(PasswordHashTest, VerifiesTheVectorsOfEachKind) {
  Argon2idArena arena;
  for (const Vector& vector : Vectors()) {
    const auto hash = ParsePasswordHash(vector.hash);
    ASSERT_TRUE(hash.ok()) << vector.hash << ": " << hash.status();
    EXPECT_EQ(hash->cost.kind, vector.kind) << vector.hash;
    EXPECT_EQ(ComputeDigest(*hash, vector.password, arena), hash->digest) << vector.hash;
    EXPECT_NE(ComputeDigest(*hash, vector.password + "x", arena), hash->digest) << vector.hash;
  }
}

TEST(PasswordHashTest, ReadsTheCosts) {
  const auto cost = [](const std::string& hash) { return ParsePasswordHash(hash)->cost; };
  EXPECT_EQ(cost(Vectors()[0].hash), CostOf({.memory_kib = 65536, .passes = 2, .lanes = 1}));
  EXPECT_EQ(cost(Vectors()[2].hash), (HashCost{.kind = HashKind::kBcrypt, .rounds = 5}));
  // 128 * 1024 * 8 bytes.
  EXPECT_EQ(cost(Vectors()[7].hash), (HashCost{.kind = HashKind::kScrypt,
                                               .rounds = 10,
                                               .memory_kib = 1024,
                                               .lanes = 16,
                                               .block_size = 8}));
  EXPECT_EQ(cost(Vectors()[8].hash).rounds, 10u) << "N itself";
  EXPECT_EQ(cost("$6$saltstring$" + std::string(86, 'a')).rounds, 5000u);
}

// Each is the largest there is, and the next one is refused.
TEST(PasswordHashTest, HasBoundsForWhatAHashMayCost) {
  const std::string digest = "$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE";
  const std::string crypt_tail = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  EXPECT_EQ(WhyNot("$2b$15$" + crypt_tail), "it is fine");
  EXPECT_THAT(WhyNot("$2b$16$" + crypt_tail), HasSubstr("4 to 15"));
  EXPECT_THAT(WhyNot("$2b$03$" + crypt_tail), HasSubstr("4 to 15"));
  EXPECT_EQ(WhyNot("$pbkdf2$2500000" + digest), "it is fine");
  EXPECT_THAT(WhyNot("$pbkdf2$2500001" + digest), HasSubstr("2,500,000"));
  // Two blocks of SHA-1.
  const std::string two_blocks = "$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o";
  EXPECT_EQ(WhyNot("$pbkdf2$1250000" + two_blocks), "it is fine");
  EXPECT_THAT(WhyNot("$pbkdf2$1250001" + two_blocks), HasSubstr("2,500,000"));
  EXPECT_EQ(WhyNot("$scrypt$ln=18,r=8,p=4" + digest), "it is fine");
  EXPECT_THAT(WhyNot("$scrypt$ln=18,r=8,p=5" + digest), HasSubstr("1 GiB"));
  EXPECT_THAT(WhyNot("$scrypt$ln=19,r=8,p=1" + digest), HasSubstr("256 MiB"));
  EXPECT_THAT(WhyNot("$scrypt$ln=2,r=8,p=17" + digest), HasSubstr("p of 16"));
  EXPECT_THAT(WhyNot("$scrypt$ln=2147483648,r=4294967295,p=16" + digest), HasSubstr("256 MiB"));
  EXPECT_THAT(WhyNot("$scrypt$ln=1025,r=8,p=1" + digest), HasSubstr("power of two"));
  const std::string sha = "$salt$" + std::string(43, 'a');
  EXPECT_EQ(WhyNot("$5$rounds=1000000" + sha), "it is fine");
  EXPECT_THAT(WhyNot("$5$rounds=1000001" + sha), HasSubstr("1,000,000"));
  EXPECT_THAT(WhyNot("$5$rounds=999" + sha), HasSubstr("1,000"));
  EXPECT_THAT(WhyNot("$argon2i$v=19$m=1048577,t=1,p=1" + digest), HasSubstr("m=1048576"));
  EXPECT_THAT(WhyNot("$2b$10$" + std::string(600, 'a')), HasSubstr("512 bytes"));
}

TEST(PasswordHashTest, RefusesWhatItDoesNotKnow) {
  for (const char* hash : {
           "",
           "password",
           "5f4dcc3b5aa765d61d8327deb882cf99",
           "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
           "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
           "$2b$5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW1",
           "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe!",
           "$2b$05$CCCCCCCCCCCCCCCCCCCCC.",
           "bcrypt_sha256$$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
           "$argon2d$v=19$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2i$v=16$m=64,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$5$$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
           "$5$saltstringsaltstr$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
           "$5$rounds=$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
           "$pbkdf2-sha256$0$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o",
           "$pbkdf2-sha256$1000$$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o",
           "$pbkdf2-sha256$1000$c2FsdA$xeR4",
           "$pbkdf2-md5$1000$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o",
           "pbkdf2_sha256$1000$$YIWkt6M1JFXrHg5s0jZjBSc7C2Cz6QvchSJ0h8Y+i7c=",
           "$scrypt$ln=10,r=8$TmFDbA$SwB5AbdlSJq+rUnZJvch0GWkKcE",
           "$scrypt$ln=10,r=0,p=1$TmFDbA$SwB5AbdlSJq+rUnZJvch0GWkKcE",
           "scrypt$1024$$8$1$SwB5AbdlSJq+rUnZJvch0GWkKcE=",
       }) {
    EXPECT_NE(WhyNot(hash), "it is fine") << hash;
  }
}

// Postgres takes nothing else, and the whole batch of an import would fail with it.
TEST(PasswordHashTest, IsTextOfWhichPostgresTakesAll) {
  const auto django = [](const std::string& salt) {
    return WhyNot("pbkdf2_sha256$1000$" + salt + "$YIWkt6M1JFXrHg5s0jZjBSc7C2Cz6QvchSJ0h8Y+i7c=");
  };
  EXPECT_EQ(django("s\xc3\xa4lt"), "it is fine");
  EXPECT_THAT(django(std::string("sa\0lt", 5)), HasSubstr("UTF-8"));
  EXPECT_THAT(django("sa\xfflt"), HasSubstr("UTF-8"));
}

TEST(PasswordHashTest, TheErrorNeverShowsTheHash) {
  const std::string hash = "$unknown$5B8vYYiYCVt1RlTTf8";
  EXPECT_THAT(ParsePasswordHash(hash).status().ToString(), Not(HasSubstr("5B8vYY")));
}

TEST(PasswordHashTest, BcryptLooksAt72BytesAsItDidWhereTheHashWasMade) {
  Argon2idArena arena;
  PasswordHash hash = RandomPasswordHash({.kind = HashKind::kBcrypt, .rounds = 4});
  hash.digest = *ComputeDigest(hash, std::string(72, 'x'), arena);
  EXPECT_EQ(ComputeDigest(hash, std::string(80, 'x'), arena), hash.digest);
  EXPECT_EQ(ComputeDigest(hash, std::string(1024, 'x'), arena), hash.digest);
  EXPECT_NE(ComputeDigest(hash, std::string(71, 'x'), arena), hash.digest);
}

// More than libxcrypt takes: no failure, which would tell an account of that kind from others.
TEST(PasswordHashTest, OfShaCryptNoPasswordOfMoreThan511BytesIsRight) {
  Argon2idArena arena;
  for (const HashKind kind : {HashKind::kSha256Crypt, HashKind::kSha512Crypt}) {
    PasswordHash hash = RandomPasswordHash({.kind = kind, .rounds = 1000});
    const auto longest = ComputeDigest(hash, std::string(511, 'x'), arena);
    ASSERT_TRUE(longest.has_value());
    hash.digest = *longest;
    for (const size_t bytes : {512, 1024}) {
      const auto digest = ComputeDigest(hash, std::string(bytes, 'x'), arena);
      ASSERT_TRUE(digest.has_value()) << bytes;
      EXPECT_NE(*digest, hash.digest) << bytes;
      EXPECT_EQ(digest->size(), hash.digest.size());
    }
  }
}

// A dummy has to take the same work, so it must be one that the libraries take.
TEST(PasswordHashTest, ARandomHashOfEachKindCanBeComputed) {
  Argon2idArena arena;
  for (HashCost cost : {
           HashCost{.kind = HashKind::kArgon2id, .rounds = 1, .memory_kib = 64},
           HashCost{.kind = HashKind::kArgon2i, .rounds = 1, .memory_kib = 64},
           HashCost{.kind = HashKind::kBcrypt, .rounds = 4},
           HashCost{.kind = HashKind::kBcrypt, .rounds = 10},
           HashCost{.kind = HashKind::kScrypt, .rounds = 4, .memory_kib = 16, .block_size = 8},
           HashCost{.kind = HashKind::kPbkdf2Sha1, .rounds = 1, .lanes = 3},
           HashCost{.kind = HashKind::kPbkdf2Sha256, .rounds = 1},
           HashCost{.kind = HashKind::kPbkdf2Sha512, .rounds = 1},
           HashCost{.kind = HashKind::kSha256Crypt, .rounds = 1000},
           HashCost{.kind = HashKind::kSha512Crypt, .rounds = 1001},
       }) {
    const PasswordHash hash = RandomPasswordHash(cost);
    EXPECT_EQ(hash.cost, cost);
    const auto digest = ComputeDigest(hash, "password", arena);
    ASSERT_TRUE(digest.has_value()) << HashKindName(cost.kind);
    EXPECT_EQ(digest->size(), hash.digest.size()) << HashKindName(cost.kind);
    EXPECT_NE(*digest, hash.digest) << HashKindName(cost.kind);
    EXPECT_NE(RandomPasswordHash(cost).salt, hash.salt) << HashKindName(cost.kind);
  }
}

// One step inside of each bound, and one outside.
TEST(PasswordHashTest, TakesAllThatIsWithinItsBounds) {
  const std::string digest = "$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE";
  const std::string sha = "$salt$" + std::string(43, 'a');
  EXPECT_EQ(WhyNot("$5$rounds=1000" + sha), "it is fine");
  EXPECT_EQ(WhyNot("$2b$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), "it is fine");
  EXPECT_EQ(WhyNot("$scrypt$ln=4,r=64,p=1" + digest), "it is fine");
  EXPECT_THAT(WhyNot("$scrypt$ln=4,r=65,p=1" + digest), HasSubstr("r of 64"));
  EXPECT_EQ(WhyNot("$scrypt$ln=20,r=2,p=1" + digest), "it is fine");
  EXPECT_THAT(WhyNot("$scrypt$ln=20,r=3,p=1" + digest), HasSubstr("256 MiB"));
  // RFC 7914: N is less than 2^(128 r / 8).
  EXPECT_EQ(WhyNot("$scrypt$ln=15,r=1,p=1" + digest), "it is fine");
  EXPECT_THAT(WhyNot("$scrypt$ln=16,r=1,p=1" + digest), HasSubstr("r=1"));
  EXPECT_EQ(WhyNot("$scrypt$ln=16,r=2,p=1" + digest), "it is fine");
  // What is no logarithm any more is N itself.
  EXPECT_THAT(WhyNot("$scrypt$ln=31,r=8,p=1" + digest), HasSubstr("256 MiB"));
  EXPECT_EQ(ParsePasswordHash("$scrypt$ln=32,r=8,p=1" + digest)->cost.rounds, 5u);
  const std::string django = "$seasalt$8$1$SwB5AbdlSJq+rUnZJvch0GWkKcE=";
  EXPECT_EQ(WhyNot("scrypt$2" + django), "it is fine");
  EXPECT_THAT(WhyNot("scrypt$1" + django), HasSubstr("power of two"));
  EXPECT_THAT(WhyNot("scrypt$3" + django), HasSubstr("power of two"));
}

TEST(PasswordHashTest, HasBoundsForSaltsAndDigests) {
  // Bytes of zeros in base 64, without padding.
  const auto zeros = [](size_t bytes) { return std::string((bytes * 8 + 5) / 6, 'A'); };
  const auto pbkdf2 = [&](size_t salt, size_t digest) {
    return WhyNot("$pbkdf2-sha512$1000$" + zeros(salt) + "$" + zeros(digest));
  };
  EXPECT_EQ(pbkdf2(1, 16), "it is fine");
  EXPECT_EQ(pbkdf2(128, 64), "it is fine");
  EXPECT_THAT(pbkdf2(129, 64), HasSubstr("malformed"));
  EXPECT_THAT(pbkdf2(1, 15), HasSubstr("16 to 64"));
  EXPECT_THAT(pbkdf2(1, 65), HasSubstr("16 to 64"));
  const auto scrypt = [&](size_t salt, size_t digest) {
    return WhyNot("$scrypt$ln=4,r=8,p=1$" + zeros(salt) + "$" + zeros(digest));
  };
  EXPECT_EQ(scrypt(1, 16), "it is fine");
  EXPECT_EQ(scrypt(128, 64), "it is fine");
  EXPECT_THAT(scrypt(0, 16), HasSubstr("1 to 128"));
  EXPECT_THAT(scrypt(129, 16), HasSubstr("1 to 128"));
  EXPECT_THAT(scrypt(1, 15), HasSubstr("16 to 64"));
  EXPECT_THAT(scrypt(1, 65), HasSubstr("16 to 64"));
  // Django's salts are what they are, in characters.
  const auto django = [](size_t salt) {
    return WhyNot("pbkdf2_sha256$1000$" + std::string(salt, 's') +
                  "$YIWkt6M1JFXrHg5s0jZjBSc7C2Cz6QvchSJ0h8Y+i7c=");
  };
  EXPECT_EQ(django(128), "it is fine");
  EXPECT_THAT(django(129), HasSubstr("malformed"));
  const auto django_scrypt = [](size_t salt) {
    return WhyNot("scrypt$16$" + std::string(salt, 's') + "$8$1$SwB5AbdlSJq+rUnZJvch0GWkKcE=");
  };
  EXPECT_EQ(django_scrypt(128), "it is fine");
  EXPECT_THAT(django_scrypt(129), HasSubstr("malformed"));
  // SHA-crypt: characters of crypt(3), as many as the function gives.
  const auto crypt = [](const std::string& kind, size_t salt, size_t digest) {
    return WhyNot("$" + kind + "$" + std::string(salt, 's') + "$" + std::string(digest, 'd'));
  };
  EXPECT_EQ(crypt("5", 1, 43), "it is fine");
  EXPECT_EQ(crypt("5", 16, 43), "it is fine");
  EXPECT_EQ(crypt("6", 16, 86), "it is fine");
  EXPECT_NE(crypt("5", 17, 43), "it is fine");
  EXPECT_NE(crypt("5", 16, 42), "it is fine");
  EXPECT_NE(crypt("5", 16, 44), "it is fine");
  EXPECT_NE(crypt("5", 16, 86), "it is fine");
  EXPECT_NE(crypt("6", 16, 43), "it is fine");
  EXPECT_NE(WhyNot("$5$sal!$" + std::string(43, 'd')), "it is fine");
  EXPECT_NE(WhyNot("$5$salt$" + std::string(42, 'd') + "!"), "it is fine");
}

TEST(PasswordHashTest, WhatIsTooLongIsNotLookedAt) {
  const std::string fits = "$2b$10$" + std::string(kMaxPasswordHashBytes - 7, 'a');
  EXPECT_THAT(WhyNot(fits), HasSubstr("no bcrypt hash"));
  EXPECT_THAT(WhyNot(fits + "a"), HasSubstr("512 bytes"));
}

TEST(PasswordHashTest, BcryptsCostIsTwoDigitsAndADollar) {
  const std::string tail = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  for (const char* cost : {"/5$", ":5$", "0/$", "0:$", "05.", "$05", " 5$"}) {
    EXPECT_THAT(WhyNot("$2b$" + std::string(cost) + tail), HasSubstr("no bcrypt hash")) << cost;
  }
  EXPECT_EQ(ParsePasswordHash("$2b$12$" + tail)->cost.rounds, 12u);
}

TEST(PasswordHashTest, TheLengthOfAPbkdf2DigestMayBeSaidAndMustBeANumber) {
  const std::string rest = "$c2FsdA$xeR41ZKIyEGqUw22hFxMjZYok6ABzk4RpJY4c6qYE0o";
  EXPECT_EQ(WhyNot("$pbkdf2-sha256$i=4096" + rest), "it is fine");
  EXPECT_EQ(WhyNot("$pbkdf2-sha256$i=4096,l=32" + rest), "it is fine");
  for (const char* costs :
       {"i=4096,l=", "i=4096,l=x", "i=4096,x=32", "i=,l=32", "4096,l=32", "i="}) {
    EXPECT_THAT(WhyNot("$pbkdf2-sha256$" + std::string(costs) + rest), HasSubstr("malformed"))
        << costs;
  }
}

TEST(PasswordHashTest, DjangosPrefixIsTakenOffOnlyWhereItIsOne) {
  EXPECT_EQ(WhyNot("argon2" + Vectors()[0].hash), "it is fine");
  EXPECT_THAT(WhyNot("argon2" + Vectors()[2].hash), HasSubstr("no kind"));
  EXPECT_THAT(WhyNot("bcrypt$" + Vectors()[0].hash), HasSubstr("no kind"));
}

}  // namespace
}  // namespace gatehouse::auth
