#include "service/webhook/endpoint/certificate_rules.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "storage/endpoint/endpoint.h"
#include "tests/support/http/test_authority.h"

namespace gatehouse::service {
namespace {

using std::chrono::hours;
using tests::Certificate;
using tests::TestAuthority;

absl::Status Check(const std::string& certificate, const std::string& key,
                   base::Time now = base::SystemClock().Now()) {
  return CheckClientCertificate("c", {.certificate = certificate, .private_key = key}, now);
}

std::string Repeated(const std::string& text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST(CertificateRulesTest, AuthoritiesAreCertificatesAndNothingElse) {
  const TestAuthority authority;
  const Certificate leaf = authority.Issue("DNS:a");
  EXPECT_TRUE(CheckAuthorities("f", authority.pem()).ok());
  EXPECT_TRUE(CheckAuthorities("f", "\n" + Repeated(authority.pem() + "\n", 16)).ok());
  for (const std::string& wrong :
       {std::string(" "), std::string("no PEM"), Repeated(authority.pem(), 17), leaf.key,
        authority.pem() + leaf.key, leaf.key + authority.pem(),
        authority.pem().substr(0, authority.pem().size() / 2),
        authority.pem() + std::string(64 << 10, '\n'), authority.pem() + std::string(1, '\0')}) {
    EXPECT_FALSE(CheckAuthorities("f", wrong).ok()) << wrong.substr(0, 60);
  }
}

// Whoever sends one would have the loop wait for who sits at the terminal.
TEST(CertificateRulesTest, NobodyIsAskedForThePasswordOfACertificate) {
  std::string encrypted = TestAuthority().pem();
  encrypted.insert(encrypted.find('\n') + 1,
                   "Proc-Type: 4,ENCRYPTED\n"
                   "DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n");
  int input[2];
  ASSERT_EQ(::pipe(input), 0);
  ASSERT_EQ(::write(input[1], "x\n", 2), 2);
  const int before = ::dup(STDIN_FILENO);
  ::dup2(input[0], STDIN_FILENO);
  EXPECT_FALSE(CheckAuthorities("f", encrypted).ok());
  EXPECT_FALSE(Check(encrypted, "key").ok());
  ::dup2(before, STDIN_FILENO);
  ::close(input[1]);
  char left[3];
  EXPECT_EQ(::read(input[0], left, sizeof(left)), 2);
  ::close(input[0]);
  ::close(before);
}

TEST(CertificateRulesTest, AClientCertificateIsCurrentAndItsKeyFits) {
  const TestAuthority authority;
  const Certificate leaf = authority.Issue("DNS:client");
  EXPECT_TRUE(Check(leaf.certificate, leaf.key).ok());
  // With those between it and its authority, its own first.
  EXPECT_TRUE(Check(leaf.certificate + authority.pem(), leaf.key).ok());
  EXPECT_FALSE(Check(authority.pem() + leaf.certificate, leaf.key).ok());
  EXPECT_FALSE(Check(leaf.certificate, authority.Issue("DNS:client").key).ok());
  EXPECT_FALSE(Check(leaf.certificate, "").ok());
  EXPECT_FALSE(Check("", leaf.key).ok());
  EXPECT_FALSE(Check(leaf.certificate + leaf.key, leaf.key).ok());
  EXPECT_FALSE(Check(leaf.certificate, leaf.key, base::SystemClock().Now() + hours(1)).ok());
  EXPECT_FALSE(Check(leaf.certificate, leaf.key, base::SystemClock().Now() - hours(1)).ok());
  EXPECT_FALSE(Check(Repeated(leaf.certificate, 9), leaf.key).ok());
  const auto left = CertificateExpires(leaf.certificate) - base::SystemClock().Now();
  EXPECT_GT(left, std::chrono::minutes(25));
  EXPECT_LE(left, std::chrono::minutes(30));
}

TEST(CertificateRulesTest, ErrorsHoldNothingOfTheKey) {
  const Certificate leaf = TestAuthority().Issue("DNS:client");
  const std::string key = TestAuthority().Issue("DNS:client").key;
  const absl::Status status = Check(leaf.certificate, key);
  EXPECT_EQ(std::string(status.message()).find(key.substr(40, 20)), std::string::npos);
  EXPECT_EQ(std::string(status.message()).find("BEGIN"), std::string::npos);
}

}  // namespace
}  // namespace gatehouse::service
