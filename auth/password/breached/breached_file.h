#ifndef GATEHOUSE_AUTH_PASSWORD_BREACHED_BREACHED_FILE_H_
#define GATEHOUSE_AUTH_PASSWORD_BREACHED_BREACHED_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gatehouse::auth {

// The file of breached passwords: a set of SHA-1 hashes, of which the first 64 bits count.
// docs/adr/2026-11-30-breached-passwords.md says why it is as it is.
//
//   header   32 bytes: "GHBREACH", version, bucket_bits (4 bytes each), number of entries (8
//   bytes),
//            8 bytes of zeros
//   offsets  2^bucket_bits + 1 numbers of 4 bytes: where in the entries each bucket begins
//   entries  3 bytes each, sorted within a bucket
//
// All little-endian, but for the 3 bytes of an entry, which are as they are in the hash. The bucket
// of a hash is its first bucket_bits, its entry the 24 bits behind them.
//
// A bucket has 32 to 64 entries, so one look reads one or two pages, and a password that is in no
// list is taken for one that is with a probability of 64 / 2^24: one of 262,144.
inline constexpr std::string_view kBreachedMagic = "GHBREACH";
inline constexpr uint32_t kBreachedVersion = 1;
inline constexpr size_t kBreachedHeaderBytes = 32;
inline constexpr size_t kBreachedEntryBytes = 3;
inline constexpr int kBreachedEntryBits = 24;
inline constexpr uint64_t kEntriesPerBucket = 64;
// With it the offsets are 4 bytes each.
inline constexpr uint64_t kMaxBreachedEntries = UINT32_MAX;
// As many as those have.
inline constexpr uint32_t kMaxBucketBits = 26;

// For so many entries.
constexpr uint32_t BucketBitsFor(uint64_t entries) {
  uint32_t bits = 0;
  while (bits < kMaxBucketBits && (entries >> bits) > kEntriesPerBucket) ++bits;
  return bits;
}

// Of the first 64 bits of a hash.
constexpr uint64_t BucketOf(uint64_t key, uint32_t bucket_bits) {
  return bucket_bits == 0 ? 0 : key >> (64 - bucket_bits);
}
constexpr uint32_t EntryOf(uint64_t key, uint32_t bucket_bits) {
  return static_cast<uint32_t>(key << bucket_bits >> (64 - kBreachedEntryBits));
}

// The first 64 bits of the SHA-1 hash of a password.
uint64_t BreachedKey(std::string_view password);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_BREACHED_BREACHED_FILE_H_
