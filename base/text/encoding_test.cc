#include "base/text/encoding.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace gatehouse::base {
namespace {

// RFC 4648, section 10.
constexpr std::pair<const char*, const char*> kVectors[] = {{"", ""},
                                                            {"f", "Zg=="},
                                                            {"fo", "Zm8="},
                                                            {"foo", "Zm9v"},
                                                            {"foob", "Zm9vYg=="},
                                                            {"fooba", "Zm9vYmE="},
                                                            {"foobar", "Zm9vYmFy"}};

TEST(EncodingTest, Base64MatchesTheRfc) {
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(Base64Encode(bytes), text);
    EXPECT_EQ(Base64Decode(text), bytes);
    std::string unpadded = text;
    while (unpadded.ends_with('=')) unpadded.pop_back();
    EXPECT_EQ(Base64Decode(unpadded), bytes);
    EXPECT_EQ(Base64UrlEncode(bytes), unpadded);
    EXPECT_EQ(Base64UrlDecode(unpadded), bytes);
  }
  const std::string high("\xfb\xff\xfe", 3);
  EXPECT_EQ(Base64Encode(high), "+//+");
  EXPECT_EQ(Base64UrlEncode(high), "-__-");
}

TEST(EncodingTest, Base64RefusesWhatIsNotCanonical) {
  for (const char* text : {"Z", "Zg=", "Zg===", "Z===", "=", "====", "Zm9v=", "Zm9v====", "Zh==",
                           "Zm9=", "Zg==Zg==", "Zm 9v", "Zm9v\n", "-__-"}) {
    EXPECT_FALSE(Base64Decode(text).has_value()) << text;
  }
  for (const char* text : {"Zg==", "Z", "Zh", "Zm9", "+//+", "Zm9v ", "\xff\xff\xff\xff"}) {
    EXPECT_FALSE(Base64UrlDecode(text).has_value()) << text;
  }
}

TEST(EncodingTest, HexRoundTripsAndRefuses) {
  const std::string bytes("\x00\x7f\x80\xff", 4);
  EXPECT_EQ(HexEncode(bytes), "007f80ff");
  EXPECT_EQ(HexDecode("007F80fF"), bytes);
  for (const char* text : {"0", "0g", "0x00", " 00"}) {
    EXPECT_FALSE(HexDecode(text).has_value()) << text;
  }
}

TEST(EncodingTest, Utf8FollowsTheUnicodeTable) {
  for (const std::string& text : {std::string(), std::string("plain"), std::string("\u00e9\u20ac"),
                                  std::string("\xf4\x8f\xbf\xbf"), std::string("\xed\x9f\xbf"),
                                  std::string("\xee\x80\x80"), std::string("\xc2\x80")}) {
    EXPECT_TRUE(IsValidUtf8(text)) << HexEncode(text);
  }
  for (const std::string& text :
       {std::string("\0", 1), std::string("\x80"), std::string("\xc0\x80"), std::string("\xc1\xbf"),
        std::string("\xe0\x9f\xbf"), std::string("\xed\xa0\x80"), std::string("\xf0\x8f\xbf\xbf"),
        std::string("\xf4\x90\x80\x80"), std::string("\xf8\x88\x80\x80\x80"),
        std::string("\xe2\x82"), std::string("\xe2\x28\xa1"), std::string("\xff")}) {
    EXPECT_FALSE(IsValidUtf8(text)) << HexEncode(text);
  }
}

TEST(EncodingTest, Utf8IsLookedAtToItsEnd) {
  for (size_t place = 0; place < 20; ++place) {
    std::string text(20, 'a');
    text.replace(place, 1, "\u00e9");
    EXPECT_TRUE(IsValidUtf8(text)) << place;
    for (const char wrong : {'\0', '\x80', '\xff'}) {
      text = std::string(20, '\x01');
      text[place] = wrong;
      EXPECT_FALSE(IsValidUtf8(text)) << place;
    }
  }
}

TEST(EncodingTest, JsonStringsHaveTheShortestEscapes) {
  EXPECT_EQ(JsonString(""), R"("")");
  EXPECT_EQ(JsonString("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(JsonString("\b\t\n\f\r"), R"("\b\t\n\f\r")");
  EXPECT_EQ(JsonString(std::string("\0\x01\x1f", 3)), R"("\u0000\u0001\u001f")");
  // DEL and what lies outside ASCII needs none.
  EXPECT_EQ(JsonString("\x7f\u00e9\u20ac"), "\"\x7f\u00e9\u20ac\"");
}

}  // namespace
}  // namespace gatehouse::base
