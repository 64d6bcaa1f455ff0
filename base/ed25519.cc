#include "base/ed25519.h"

#include <openssl/evp.h>

#include <memory>

#include "base/libcrypto.h"

namespace gatehouse::base {
namespace {

using libcrypto::Bytes;
using libcrypto::Check;
using libcrypto::Deleter;
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using MdContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;

constexpr size_t kSignatureBytes = 64;

Key KeyOf(std::string_view seed) {
  Check(seed.size() == kEd25519KeyBytes, "Ed25519: seed length");
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size()));
  Check(key != nullptr, "EVP_PKEY_new_raw_private_key");
  return key;
}

}  // namespace

std::string Ed25519PublicKey(std::string_view seed) {
  const Key key = KeyOf(seed);
  std::string public_key(kEd25519KeyBytes, '\0');
  size_t size = public_key.size();
  Check(EVP_PKEY_get_raw_public_key(key.get(), Bytes(public_key), &size) == 1 &&
            size == public_key.size(),
        "EVP_PKEY_get_raw_public_key");
  return public_key;
}

std::string Ed25519Sign(std::string_view seed, std::string_view message) {
  const Key key = KeyOf(seed);
  const MdContext context(EVP_MD_CTX_new());
  std::string signature(kSignatureBytes, '\0');
  size_t size = signature.size();
  // It hashes by itself: no digest.
  Check(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
            EVP_DigestSign(context.get(), Bytes(signature), &size, Bytes(message),
                           message.size()) == 1 &&
            size == signature.size(),
        "EVP_DigestSign");
  return signature;
}

}  // namespace gatehouse::base
