#include "auth/interceptors/certificate_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/uuid.h"

namespace gatehouse::auth {
namespace {

using ::testing::HasSubstr;

constexpr char kFirst[] = "01890000-0000-7000-8000-000000000001";
constexpr char kSecond[] = "01890000-0000-7000-8000-000000000002";

std::string Found(const CertificateKeys& keys, const rpc::ClientCertificate& certificate) {
  const auto key = keys.Find(certificate);
  if (!key) return "none";
  if (key->tenant_id == base::kDefaultTenantId) return key->id.ToString();
  return key->tenant_id.ToString() + "/" + key->id.ToString();
}

TEST(CertificateKeysTest, FindsByWholeSubjectOrUri) {
  const auto keys = CertificateKeys::Parse("f", std::string("# services\n\n") + kFirst +
                                                    " CN=billing service,O=Example\r\n\t" +
                                                    kSecond + "\tspiffe://example.org/mail  ");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(Found(*keys, {.subject = "CN=billing service,O=Example"}), kFirst);
  EXPECT_EQ(Found(*keys, {.subject = "CN=x", .uris = {"https://x", "spiffe://example.org/mail"}}),
            kSecond);
  EXPECT_EQ(Found(*keys, {.subject = "CN=billing service"}), "none");
  EXPECT_EQ(Found(*keys, {.subject = "cn=billing service,O=Example"}), "none");
  EXPECT_EQ(Found(*keys, {.subject = ""}), "none");
  EXPECT_EQ(Found({}, {.subject = "CN=x"}), "none");
}

TEST(CertificateKeysTest, AKeyMayBeAnotherTenants) {
  const std::string other = std::string(kSecond) + "/" + kFirst;
  const auto keys = CertificateKeys::Parse("f", other + " CN=billing");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(Found(*keys, {.subject = "CN=billing"}), other);
}

TEST(CertificateKeysTest, SaysWhichLineIsWrong) {
  const std::string good = std::string(kFirst) + " CN=a\n";
  for (const std::string& bad : {std::string("CN=b"), std::string(kSecond), std::string("x CN=b"),
                                 "x/" + std::string(kSecond) + " CN=b",
                                 std::string(kSecond) + "/ CN=b", std::string(kSecond) + " CN=a"}) {
    const auto keys = CertificateKeys::Parse("grpc.tls_client_keys_file", good + bad);
    ASSERT_FALSE(keys.ok()) << bad;
    EXPECT_THAT(std::string(keys.status().message()), HasSubstr("line 2")) << bad;
  }
}

}  // namespace
}  // namespace gatehouse::auth
