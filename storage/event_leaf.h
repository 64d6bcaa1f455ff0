#ifndef GATEHOUSE_STORAGE_EVENT_LEAF_H_
#define GATEHOUSE_STORAGE_EVENT_LEAF_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "storage/event.h"

namespace gatehouse::storage {

// What goes into the log's Merkle tree for an event, docs/event-leaf.md. The
// writer computes it once and stores it with the row, so that ordering and
// proving never touch the payload.
struct EventLeaf {
  // Keys the commitments to the personal fields: 32 random bytes, unique to
  // the event. Erasing a field and its key leaves every proof valid.
  std::string secret;
  // RFC 6962 leaf hash: SHA-256(0x00 || CanonicalLeaf). 32 bytes.
  std::string hash;
};

// The leaf of a new event, under a new secret.
EventLeaf MakeLeaf(const Event& event);

// The leaf hash of an event as written or as read back, under its secret or what an erasure left
// of it.
std::string LeafHash(const Event& event, std::string_view secret);

// The canonical form, version 1. Details that are not a JSON object count as
// one value under the empty name; jsonb does not take them anyway.
std::string CanonicalLeaf(const Event& event, std::string_view secret);

// What is to be kept in the place of the secret when fields of the event are erased: those that
// `goes` is true for, by the names that docs/event-leaf.md gives them. `event`: as it is before,
// and `secret`, which may be what an earlier erasure left. With the result the event that is left
// has the leaf hash that it had, and nothing tells what was erased.
std::string EraseFromSecret(const Event& event, std::string_view secret,
                            const std::function<bool(std::string_view field)>& goes);

// Version of the canonical form, part of it.
inline constexpr uint32_t kLeafSchemaVersion = 1;
inline constexpr size_t kLeafSecretLength = 32;

// Bounds that keep a leaf far below the 65,535 bytes of an entry in a C2SP
// tile: each target and each top-level member of the details takes 37.
inline constexpr size_t kMaxEventTargets = 16;
inline constexpr size_t kMaxDetailMembers = 256;

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_LEAF_H_
