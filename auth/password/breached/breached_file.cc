#include "auth/password/breached/breached_file.h"

#include <openssl/evp.h>

#include <array>

#include "base/libcrypto.h"

namespace gatehouse::auth {

uint64_t BreachedKey(std::string_view password) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> hash;
  // What the lists of breached passwords are made of: it keeps nothing secret here.
  base::libcrypto::Check(
      EVP_Digest(password.data(), password.size(), hash.data(), nullptr, EVP_sha1(), nullptr) == 1,
      "EVP_Digest");
  uint64_t key = 0;
  for (size_t i = 0; i < sizeof(key); ++i) key = key << 8 | hash[i];
  return key;
}

}  // namespace gatehouse::auth
