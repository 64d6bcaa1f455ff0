#ifndef GATEHOUSE_TESTS_SUPPORT_HTTP_TEST_AUTHORITY_H_
#define GATEHOUSE_TESTS_SUPPORT_HTTP_TEST_AUTHORITY_H_

#include <chrono>
#include <string>

namespace gatehouse::tests {

// A certificate and its private key, both PEM.
struct Certificate {
  std::string certificate;
  std::string key;
};

// A certificate authority that lives as long as the test.
class TestAuthority {
 public:
  TestAuthority();

  // Whoever trusts this one trusts what it issues.
  const std::string& pem() const { return own_.certificate; }

  // For `name`, as OpenSSL writes subject alternative names: "DNS:localhost" or
  // "IP:127.0.0.1". Valid for an hour around now, moved by `shift`.
  Certificate Issue(const std::string& name,
                    std::chrono::seconds shift = std::chrono::seconds(0)) const;

  // The same, signed by nobody but itself.
  static Certificate SelfSigned(const std::string& name);

 private:
  Certificate own_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_HTTP_TEST_AUTHORITY_H_
