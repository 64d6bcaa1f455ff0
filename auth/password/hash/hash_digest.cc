#include "auth/password/hash/hash_digest.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <cstdint>
#include <memory>

#include "auth/password/argon2id_digest.h"
#include "base/libcrypto.h"

namespace gatehouse::auth {
namespace {

using base::libcrypto::Bytes;
using Digest = std::optional<std::string>;

// More bytes of a password libxcrypt refuses, whatever the hash.
constexpr size_t kMaxCryptBytes = CRYPT_MAX_PASSPHRASE_SIZE - 1;
// More bytes of it no bcrypt looks at.
constexpr size_t kBcryptBytes = 72;

Argon2idParams ParamsOf(const HashCost& cost) {
  return {.memory_kib = cost.memory_kib, .passes = cost.rounds, .lanes = cost.lanes};
}

Digest ByCrypt(const PasswordHash& hash, const std::string& password) {
  const bool all_counts = hash.cost.kind != HashKind::kBcrypt;
  std::string looked_at = password.substr(0, all_counts ? kMaxCryptBytes : kBcryptBytes);
  // 32 KiB, which no stack of a thread need have.
  const auto data = std::make_unique<crypt_data>();
  const char* text = crypt_r(looked_at.c_str(), hash.salt.c_str(), data.get());
  // A failure is null or a text that no setting begins with.
  const std::string_view result = text == nullptr ? std::string_view() : text;
  Digest digest;
  if (result.size() > hash.digest.size() && result[0] == '$') {
    digest = std::string(result.substr(result.size() - hash.digest.size()));
  }
  OPENSSL_cleanse(data.get(), sizeof(crypt_data));
  OPENSSL_cleanse(looked_at.data(), looked_at.size());
  // A longer one is nobody's, for the same work: a failure would tell that there is the account.
  if (digest && all_counts && password.size() > kMaxCryptBytes) {
    digest->assign(digest->size(), '\0');
  }
  return digest;
}

Digest ByScrypt(const PasswordHash& hash, const std::string& password) {
  std::string digest(hash.digest.size(), '\0');
  // What it takes besides its table is little.
  const uint64_t max_memory = (uint64_t{hash.cost.memory_kib} + 4096) * 1024 * 2;
  const bool computed =
      EVP_PBE_scrypt(password.data(), password.size(), Bytes(hash.salt), hash.salt.size(),
                     uint64_t{1} << hash.cost.rounds, hash.cost.block_size, hash.cost.lanes,
                     max_memory, Bytes(digest), digest.size()) == 1;
  return computed ? Digest(std::move(digest)) : std::nullopt;
}

Digest ByPbkdf2(const PasswordHash& hash, const std::string& password, const EVP_MD* function) {
  std::string digest(hash.digest.size(), '\0');
  const bool computed =
      PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), Bytes(hash.salt),
                        static_cast<int>(hash.salt.size()), static_cast<int>(hash.cost.rounds),
                        function, static_cast<int>(digest.size()), Bytes(digest)) == 1;
  return computed ? Digest(std::move(digest)) : std::nullopt;
}

}  // namespace

std::optional<std::string> ComputeDigest(const PasswordHash& hash, const std::string& password,
                                         Argon2idArena& arena) {
  switch (hash.cost.kind) {
    case HashKind::kArgon2id:
      return Argon2idDigest(ParamsOf(hash.cost), password, hash.salt, hash.digest.size(), arena);
    case HashKind::kArgon2i:
      return Argon2iDigest(ParamsOf(hash.cost), password, hash.salt, hash.digest.size(), arena);
    case HashKind::kScrypt:
      return ByScrypt(hash, password);
    case HashKind::kPbkdf2Sha1:
      return ByPbkdf2(hash, password, EVP_sha1());
    case HashKind::kPbkdf2Sha256:
      return ByPbkdf2(hash, password, EVP_sha256());
    case HashKind::kPbkdf2Sha512:
      return ByPbkdf2(hash, password, EVP_sha512());
    case HashKind::kBcrypt:
    case HashKind::kSha256Crypt:
    case HashKind::kSha512Crypt:
      return ByCrypt(hash, password);
  }
  return std::nullopt;
}

}  // namespace gatehouse::auth
