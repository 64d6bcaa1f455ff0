#ifndef GATEHOUSE_AUTH_API_KEY_API_KEY_H_
#define GATEHOUSE_AUTH_API_KEY_API_KEY_H_

#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"

namespace gatehouse::auth {

// API keys look like
//   gh_key_ PPPPPPPP SSS...S      (7 + 8 + 70 characters)
// P: a random public prefix, to recognise the key by in lists and logs.
// S: base64url of tenant id (16 bytes), secret (32 random bytes), CRC-32 (4) of
//    all before it.
// The tenant is in the key because every lookup leads with it; the checksum so
// that garbage costs no query, and so that scanners for leaked secrets report no
// false positives. It proves nothing: the database does.

// True for what can only be meant as an API key.
bool LooksLikeApiKey(std::string_view token);

// The parts of a well-formed key.
struct ParsedApiKey {
  base::Uuid tenant_id;
  // SHA-256 of the whole key: what is stored and looked up. A key has 256 random
  // bits, so no slow hash is needed, and an index lookup by hash leaks no useful
  // timing.
  std::string hash;
};

// nullopt for anything that cannot be a key.
std::optional<ParsedApiKey> ParseApiKey(std::string_view key);

struct NewApiKey {
  std::string key;     // Shown once.
  std::string prefix;  // "gh_key_" and the 8 public characters.
  std::string hash;
};

NewApiKey MakeApiKey(const base::Uuid& tenant_id);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_API_KEY_API_KEY_H_
