// Strings of password hashes, which callers import. The input is the string.
//
// What is accepted stays within the limits: whoever logs in makes the server compute it. And the
// libraries take it: a hash that fails at a login would tell accounts apart.

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "auth/password/argon2id_arena.h"
#include "auth/password/hash/hash_digest.h"
#include "auth/password/hash/password_hash.h"
#include "base/status.h"

namespace gatehouse::fuzz {
namespace {

using auth::HashCost;
using auth::HashKind;

void Require(bool holds) {
  if (!holds) std::abort();
}

bool IsBounded(const HashCost& cost) {
  switch (cost.kind) {
    case HashKind::kArgon2id:
    case HashKind::kArgon2i:
      return cost.memory_kib <= auth::kMaxArgon2idParams.memory_kib &&
             cost.rounds <= auth::kMaxArgon2idParams.passes &&
             cost.lanes <= auth::kMaxArgon2idParams.lanes && cost.lanes > 0 && cost.rounds > 0;
    case HashKind::kBcrypt:
      return cost.rounds >= 4 && cost.rounds <= auth::kMaxBcryptRounds;
    case HashKind::kScrypt:
      return cost.memory_kib <= auth::kMaxScryptMemoryKib && cost.lanes > 0 &&
             cost.lanes <= auth::kMaxScryptLanes && cost.block_size > 0 &&
             uint64_t{cost.memory_kib} * cost.lanes <= auth::kMaxScryptWorkKib;
    case HashKind::kPbkdf2Sha1:
    case HashKind::kPbkdf2Sha256:
    case HashKind::kPbkdf2Sha512:
      return cost.rounds > 0 && cost.lanes > 0 &&
             uint64_t{cost.rounds} * cost.lanes <= auth::kMaxPbkdf2Rounds;
    case HashKind::kSha256Crypt:
    case HashKind::kSha512Crypt:
      return cost.rounds >= auth::kMinShaCryptRounds && cost.rounds <= auth::kMaxShaCryptRounds;
  }
  return false;
}

// Within a millisecond or so.
bool IsCheap(const HashCost& cost) {
  constexpr uint32_t kCheapRounds = 1'000;
  constexpr uint32_t kCheapKib = 256;
  const bool in_memory = cost.kind == HashKind::kArgon2id || cost.kind == HashKind::kArgon2i ||
                         cost.kind == HashKind::kScrypt;
  if (in_memory) return cost.memory_kib <= kCheapKib && cost.lanes <= 4;
  if (cost.kind == HashKind::kBcrypt) return cost.rounds == 4;
  return cost.rounds <= kCheapRounds;
}

void CheckHash(std::string_view text) {
  const absl::StatusOr<auth::PasswordHash> hash = auth::ParsePasswordHash(text);
  if (!hash.ok()) {
    Require(base::HasReason(hash.status(), base::Reason::kPasswordHashUnsupported));
    return;
  }
  Require(text.size() <= auth::kMaxPasswordHashBytes);
  Require(IsBounded(hash->cost));
  Require(!hash->salt.empty() && hash->digest.size() >= 16);
  if (!IsCheap(hash->cost)) return;
  auth::Argon2idArena arena;
  const std::optional<std::string> digest = auth::ComputeDigest(*hash, "password", arena);
  Require(digest.has_value() && digest->size() == hash->digest.size());
  Require(digest == auth::ComputeDigest(*hash, "password", arena));
}

}  // namespace
}  // namespace gatehouse::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  gatehouse::fuzz::CheckHash(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
