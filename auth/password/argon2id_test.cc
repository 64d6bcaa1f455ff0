#include "auth/password/argon2id.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::auth {
namespace {

// From the test suite of the reference implementation: m = 65536, t = 2, p = 1.
constexpr char kReference[] =
    "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ"
    "$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";

TEST(Argon2idTest, FormatsWhatItParses) {
  EXPECT_EQ(FormatArgon2idHash(*ParseArgon2idHash(kReference)), kReference);
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
           "$argon2id$v=19$m=,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=6a,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$m=a4,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
           "$argon2id$v=19$t=64,m=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q",
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
  // As is the least memory that two lanes take.
  EXPECT_TRUE(ParseArgon2idHash("$argon2id$v=19$m=16,t=2,p=2$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q"));
}

TEST(Argon2idTest, RefusesSaltsAndDigestsBeyondTheirLengths) {
  const auto parses = [](size_t salt, size_t digest) {
    const std::string phc =
        FormatArgon2idHash({.params = {.memory_kib = 64, .passes = 1, .lanes = 1},
                            .salt = std::string(salt, 's'),
                            .digest = std::string(digest, 'd')});
    return ParseArgon2idHash(phc).has_value();
  };
  EXPECT_TRUE(parses(8, 16));
  EXPECT_FALSE(parses(7, 16));
  EXPECT_FALSE(parses(8, 15));
  EXPECT_TRUE(parses(64, 64));
  EXPECT_FALSE(parses(65, 64));
  EXPECT_FALSE(parses(64, 65));
}

}  // namespace
}  // namespace gatehouse::auth
