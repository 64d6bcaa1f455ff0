#ifndef GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_EXPECTED_SIGNATURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_EXPECTED_SIGNATURE_H_

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>

#include "base/text/encoding.h"
#include "tests/support/http/http_receiver.h"

namespace gatehouse::service::delivery {

// The signature that `request` should have, computed with OpenSSL alone.
inline std::string ExpectedSignature(const tests::HttpReceiver::Request& request,
                                     const std::string& key) {
  const std::string content = request.headers.at("webhook-id") + "." +
                              request.headers.at("webhook-timestamp") + "." + request.body;
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(content.data()), content.size(), mac, &size);
  return "v1," + base::Base64Encode({reinterpret_cast<const char*>(mac), size});
}

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_EXPECTED_SIGNATURE_H_
