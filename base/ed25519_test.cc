#include "base/ed25519.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text/encoding.h"

namespace gatehouse::base {
namespace {

// RFC 8032, section 7.1, tests 1 and 3.
TEST(Ed25519Test, MatchesTheVectorsOfTheRfc) {
  const std::string empty =
      *HexDecode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  EXPECT_EQ(HexEncode(Ed25519PublicKey(empty)),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  EXPECT_EQ(HexEncode(Ed25519Sign(empty, "")),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
            "701cf9b46bd25bf5f0595bbe24655141438e7a100b");
  const std::string two =
      *HexDecode("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
  EXPECT_EQ(HexEncode(Ed25519PublicKey(two)),
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  EXPECT_EQ(HexEncode(Ed25519Sign(two, "\xaf\x82")),
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7"
            "60984dc6594a7c15e9716ed28dc027beceea1ec40a");
}

TEST(Ed25519DeathTest, EndsTheProcessForASeedOfAnotherLength) {
  EXPECT_DEATH(Ed25519PublicKey(std::string(31, 's')), "seed length");
}

}  // namespace
}  // namespace gatehouse::base
