#include "auth/token/issuer.h"

#include <gtest/gtest.h>

namespace gatehouse::auth {
namespace {

constexpr char kId[] = "01890000-0000-7000-8000-000000000001";
const base::Uuid kAcme = *base::Uuid::Parse(kId);

TEST(IssuerTest, TheDefaultTenantHasTheOneThatIsSet) {
  for (const char* issuer : {"gatehouse", "https://id.example.com", "https://id.example.com/"}) {
    EXPECT_EQ(IssuerOfTenant(issuer, base::kDefaultTenantId), issuer);
  }
}

TEST(IssuerTest, OthersHaveOneBelowIt) {
  const std::string of_acme = std::string("https://id.example.com/t/") + kId;
  EXPECT_EQ(IssuerOfTenant("https://id.example.com", kAcme), of_acme);
  EXPECT_EQ(IssuerOfTenant("https://id.example.com/", kAcme), of_acme);
  EXPECT_TRUE(IsIssuerUrl("HTTPS://id.example.com"));
  EXPECT_EQ(IssuerOfTenant("http://id.example.com:8081/auth", kAcme),
            std::string("http://id.example.com:8081/auth/t/") + kId);
}

TEST(IssuerTest, WhatIsNoUrlIsThatOfAllTenants) {
  for (const char* issuer : {"gatehouse", "", "https://", "https:///path", "ftp://id.example.com",
                             "https://id.example.com?a=b", "https://id.example.com#a"}) {
    EXPECT_FALSE(IsIssuerUrl(issuer)) << issuer;
    EXPECT_EQ(IssuerOfTenant(issuer, kAcme), issuer);
  }
}

}  // namespace
}  // namespace gatehouse::auth
