#include "auth/password/argon2id_digest.h"

#include <argon2.h>
#include <sodium.h>
#include <sys/mman.h>

#include <cerrno>

namespace gatehouse::auth {
namespace {

// Neither library hands a context to its allocator, so the arena in use is named here.
// They allocate on the thread that hashes.
thread_local Argon2idArena* current_arena = nullptr;

class ArenaScope {
 public:
  explicit ArenaScope(Argon2idArena& arena) { current_arena = &arena; }
  ArenaScope(const ArenaScope&) = delete;
  ArenaScope& operator=(const ArenaScope&) = delete;
  ~ArenaScope() { current_arena = nullptr; }
};

int Allocate(uint8_t** memory, size_t bytes) {
  *memory = current_arena->Reserve(bytes);
  return *memory == nullptr ? ARGON2_MEMORY_ALLOCATION_ERROR : ARGON2_OK;
}

void Free(uint8_t* memory, size_t bytes) {}

bool SodiumKnows(const Argon2idParams& params, std::string_view salt, size_t digest_length) {
  // Also finds out, once, what the CPU can do.
  static const bool ready = sodium_init() >= 0;
  return ready && params.lanes == 1 && salt.size() == crypto_pwhash_argon2id_SALTBYTES &&
         digest_length >= crypto_pwhash_argon2id_BYTES_MIN;
}

bool DigestBySodium(const Argon2idParams& params, std::string_view password, std::string_view salt,
                    std::string& digest) {
  return crypto_pwhash_argon2id(
             reinterpret_cast<unsigned char*>(digest.data()), digest.size(), password.data(),
             password.size(), reinterpret_cast<const unsigned char*>(salt.data()), params.passes,
             size_t{params.memory_kib} * 1024, crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0;
}

template <argon2_type kType>
bool DigestByArgon2(const Argon2idParams& params, std::string_view password, std::string_view salt,
                    std::string& digest) {
  argon2_context context = {};
  context.out = reinterpret_cast<uint8_t*>(digest.data());
  context.outlen = static_cast<uint32_t>(digest.size());
  // The library does not write to them: the flags that would are not set.
  context.pwd = reinterpret_cast<uint8_t*>(const_cast<char*>(password.data()));
  context.pwdlen = static_cast<uint32_t>(password.size());
  context.salt = reinterpret_cast<uint8_t*>(const_cast<char*>(salt.data()));
  context.saltlen = static_cast<uint32_t>(salt.size());
  context.t_cost = params.passes;
  context.m_cost = params.memory_kib;
  context.lanes = params.lanes;
  // The pool is the parallelism.
  context.threads = 1;
  context.version = ARGON2_VERSION_13;
  context.allocate_cbk = Allocate;
  context.free_cbk = Free;
  context.flags = ARGON2_DEFAULT_FLAGS;
  return argon2_ctx(&context, kType) == ARGON2_OK;
}

}  // namespace

std::optional<std::string> Argon2idDigest(const Argon2idParams& params, std::string_view password,
                                          std::string_view salt, size_t digest_length,
                                          Argon2idArena& arena) {
  std::string digest(digest_length, '\0');
  const ArenaScope scope(arena);
  const auto compute =
      SodiumKnows(params, salt, digest_length) ? DigestBySodium : DigestByArgon2<Argon2_id>;
  if (!compute(params, password, salt, digest)) return std::nullopt;
  return digest;
}

std::optional<std::string> Argon2iDigest(const Argon2idParams& params, std::string_view password,
                                         std::string_view salt, size_t digest_length,
                                         Argon2idArena& arena) {
  std::string digest(digest_length, '\0');
  const ArenaScope scope(arena);
  if (!DigestByArgon2<Argon2_i>(params, password, salt, digest)) return std::nullopt;
  return digest;
}

}  // namespace gatehouse::auth

// What our copy of libsodium calls for the memory of a hash (third_party/libsodium).
extern "C" {

void* gatehouse_libsodium_mmap(void* address, size_t bytes, int protection, int flags, int file,
                               off_t offset) {
  uint8_t* memory = gatehouse::auth::current_arena->Reserve(bytes);
  if (memory != nullptr) return memory;
  errno = ENOMEM;
  return MAP_FAILED;
}

int gatehouse_libsodium_munmap(void* memory, size_t bytes) { return 0; }

}  // extern "C"
