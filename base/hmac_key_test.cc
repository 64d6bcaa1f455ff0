#include "base/hmac_key.h"

#include <string>

#include "base/hash.h"
#include "base/text/encoding.h"
#include "gtest/gtest.h"

namespace gatehouse::base {
namespace {

std::string Hex(const Digest& digest) { return HexEncode(AsBytes(digest)); }

// RFC 4231, test cases 1 and 6 (a key longer than a block).
TEST(HmacKeyTest, MacsTheVectorsOfRfc4231) {
  EXPECT_EQ(Hex(HmacKey(std::string(20, '\x0b')).Mac({"Hi There"})),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(Hex(HmacKey(std::string(131, '\xaa'))
                    .Mac({"Test Using Larger Than Block-Size Key - Hash Key First"})),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(HmacKeyTest, PartsAreConcatenated) {
  const HmacKey key("key");
  EXPECT_EQ(key.Mac({"ab", "", "c"}), key.Mac({"abc"}));
  EXPECT_EQ(AsBytes(Sha256Of({"ab", "c"})), Sha256("abc"));
}

TEST(HmacKeyTest, AgreesWithTheOneShotFunctionsAtEveryLength) {
  std::string data;
  for (int length = 0; length < 200; ++length) {
    EXPECT_EQ(AsBytes(HmacKey(data).Mac({data})), HmacSha256(data, data)) << length;
    EXPECT_EQ(AsBytes(HkdfKey(data).Derive(data)), HkdfSha256(data, data, 32)) << length;
    data.push_back(static_cast<char>(length));
  }
}

}  // namespace
}  // namespace gatehouse::base
