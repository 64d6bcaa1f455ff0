#include "base/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/text/encoding.h"

namespace gatehouse::base {
namespace {

TEST(HashTest, Sha256MatchesFips180) {
  EXPECT_EQ(HexEncode(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(HexEncode(Sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(HashTest, HmacMatchesRfc4231) {
  // Test cases 1, 2 and 6 (a key longer than a block).
  EXPECT_EQ(HexEncode(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(HexEncode(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(HexEncode(HmacSha256(std::string(131, '\xaa'),
                                 "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HashTest, HkdfMatchesRfc5869) {
  // Test case 3: no salt, no info.
  const std::string expected =
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
  EXPECT_EQ(HexEncode(HkdfSha256(std::string(22, '\x0b'), "", 42)), expected);
  EXPECT_NE(HkdfSha256("key", "one", 32), HkdfSha256("key", "two", 32));
}

TEST(HashTest, ConstantTimeEqualsIsEquality) {
  EXPECT_TRUE(ConstantTimeEquals("", ""));
  EXPECT_TRUE(ConstantTimeEquals("same", "same"));
  EXPECT_FALSE(ConstantTimeEquals("same", "sane"));
  EXPECT_FALSE(ConstantTimeEquals("same", "same "));
}

TEST(HashTest, RandomBytesDoNotRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(RandomBytes(16));
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(RandomBytes(0), "");
}

TEST(HashTest, SealedValuesOpenOnlyWithTheirKeyAndContext) {
  const std::string key = RandomBytes(32);
  for (const std::string& plaintext :
       {std::string(), std::string("secret"), std::string(5000, 'x')}) {
    const std::string sealed = Seal(key, "row 1", plaintext);
    EXPECT_EQ(sealed.size(), plaintext.size() + 28);
    EXPECT_EQ(Open(key, "row 1", sealed), plaintext);
    EXPECT_FALSE(Open(key, "row 2", sealed).has_value());
    EXPECT_FALSE(Open(RandomBytes(32), "row 1", sealed).has_value());
    for (size_t i : {size_t{0}, size_t{12}, sealed.size() - 1}) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      EXPECT_FALSE(Open(key, "row 1", changed).has_value());
    }
    EXPECT_FALSE(Open(key, "row 1", sealed.substr(0, 27)).has_value());
  }
  EXPECT_NE(Seal(key, "", "same"), Seal(key, "", "same"));
}

TEST(HashTest, OpensWhatAnotherImplementationSealed) {
  // AES-256-GCM, test case 15 of McGrew and Viega's specification, no context.
  const std::string key =
      *HexDecode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const std::string sealed = *HexDecode(
      "cafebabefacedbaddecaf888"
      "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
      "b094dac5d93471bdec1a502270e3cc6c");
  EXPECT_EQ(HexEncode(Open(key, "", sealed).value_or("")),
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255");
}

}  // namespace
}  // namespace gatehouse::base
