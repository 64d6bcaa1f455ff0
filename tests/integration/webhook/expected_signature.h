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

// Whether `signature`, an entry of the header, is one of `request` by the private half of
// `public_key`, judged by OpenSSL alone.
inline bool IsKeyPairSignature(const std::string& signature,
                               const tests::HttpReceiver::Request& request,
                               const std::string& public_key) {
  const std::string content = request.headers.at("webhook-id") + "." +
                              request.headers.at("webhook-timestamp") + "." + request.body;
  if (!signature.starts_with("v1a,")) return false;
  const std::string bytes = base::Base64Decode(signature.substr(4)).value_or("");
  const auto data = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  EVP_PKEY* key =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data(public_key), public_key.size());
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool verified =
      EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key) == 1 &&
      EVP_DigestVerify(context, data(bytes), bytes.size(), data(content), content.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return verified;
}

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_TESTS_INTEGRATION_WEBHOOK_EXPECTED_SIGNATURE_H_
