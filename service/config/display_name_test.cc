#include "service/config/display_name.h"

#include <gtest/gtest.h>

namespace gatehouse::service::config {
namespace {

TEST(DisplayNameTest, IsWhatIsSet) {
  EXPECT_EQ(DisplayNameOf({.issuer = "https://id.example.com", .display_name = "Example Ltd"}),
            "Example Ltd");
}

TEST(DisplayNameTest, IsTheHostOfTheIssuerOtherwise) {
  EXPECT_EQ(DisplayNameOf({}), "gatehouse");
  for (const char* issuer : {"https://id.example.com", "https://id.example.com/",
                             "http://id.example.com:8081", "https://id.example.com:8443/auth"}) {
    EXPECT_EQ(DisplayNameOf({.issuer = issuer}), "id.example.com") << issuer;
  }
}

}  // namespace
}  // namespace gatehouse::service::config
