#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <memory>

#include "base/libcrypto.h"

namespace gatehouse::base {
namespace {

using libcrypto::Bytes;
using libcrypto::Check;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, libcrypto::Deleter<EVP_CIPHER_CTX_free>>;

constexpr size_t kNonceLength = 12;
constexpr size_t kTagLength = 16;
constexpr size_t kAeadKeyLength = 32;

}  // namespace

std::string Sha256(std::string_view data) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(Bytes(data), data.size(), Bytes(digest));
  return digest;
}

std::string HmacSha256(std::string_view key, std::string_view data) {
  std::string mac(SHA256_DIGEST_LENGTH, '\0');
  unsigned int length = 0;
  Check(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(data), data.size(),
             Bytes(mac), &length) != nullptr,
        "HMAC");
  return mac;
}

std::string HkdfSha256(std::string_view key, std::string_view info, size_t length) {
  const std::string prk = HmacSha256(std::string(SHA256_DIGEST_LENGTH, '\0'), key);
  std::string output;
  std::string block;
  for (char counter = 1; output.size() < length; ++counter) {
    block = HmacSha256(prk, block + std::string(info) + counter);
    output += block;
  }
  output.resize(length);
  return output;
}

std::string RandomBytes(size_t length) {
  std::string bytes(length, '\0');
  Check(RAND_bytes(Bytes(bytes), static_cast<int>(length)) == 1, "RAND_bytes");
  return bytes;
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string Seal(std::string_view key, std::string_view context, std::string_view plaintext) {
  Check(key.size() == kAeadKeyLength, "Seal: key length");
  std::string sealed = RandomBytes(kNonceLength);
  sealed.resize(kNonceLength + plaintext.size() + kTagLength);
  Cipher cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  Check(
      EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(sealed)) == 1,
      "EVP_EncryptInit_ex");
  Check(EVP_EncryptUpdate(cipher.get(), nullptr, &length, Bytes(context),
                          static_cast<int>(context.size())) == 1,
        "EVP_EncryptUpdate");
  Check(EVP_EncryptUpdate(cipher.get(), Bytes(sealed) + kNonceLength, &length, Bytes(plaintext),
                          static_cast<int>(plaintext.size())) == 1,
        "EVP_EncryptUpdate");
  unsigned char* tag = Bytes(sealed) + kNonceLength + plaintext.size();
  Check(EVP_EncryptFinal_ex(cipher.get(), tag, &length) == 1, "EVP_EncryptFinal_ex");
  Check(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, kTagLength, tag) == 1, "GCM tag");
  return sealed;
}

std::optional<std::string> Open(std::string_view key, std::string_view context,
                                std::string_view sealed) {
  Check(key.size() == kAeadKeyLength, "Open: key length");
  if (sealed.size() < kNonceLength + kTagLength) return std::nullopt;
  std::string tag(sealed.substr(sealed.size() - kTagLength));
  const std::string_view body =
      sealed.substr(kNonceLength, sealed.size() - kNonceLength - kTagLength);
  std::string plaintext(body.size(), '\0');
  Cipher cipher(EVP_CIPHER_CTX_new());
  int length = 0;
  const bool opened =
      EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, Bytes(key), Bytes(sealed)) ==
          1 &&
      EVP_DecryptUpdate(cipher.get(), nullptr, &length, Bytes(context),
                        static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(cipher.get(), Bytes(plaintext), &length, Bytes(body),
                        static_cast<int>(body.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, kTagLength, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher.get(), Bytes(plaintext) + plaintext.size(), &length) == 1;
  if (!opened) return std::nullopt;
  return plaintext;
}

}  // namespace gatehouse::base
