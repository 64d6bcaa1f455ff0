#ifndef GATEHOUSE_AUTH_PASSWORD_BREACHED_BUILD_BREACHED_FILE_H_
#define GATEHOUSE_AUTH_PASSWORD_BREACHED_BUILD_BREACHED_FILE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"

namespace gatehouse::auth {

struct BreachedBuild {
  // A list, one password a line: as its SHA-1 in hexadecimal, with a colon and how often it was
  // seen, as Have I Been Pwned gives it out; or as it is. Which of both, the first line tells.
  std::string input;
  // Written beside it and put in its place when it is complete.
  std::string output;
  // Hashes that were seen less often are left out.
  uint64_t min_count = 1;
  // Told now and then how many bytes of the input were read, of how many.
  std::function<void(uint64_t done, uint64_t all)> progress = [](uint64_t, uint64_t) {};
};

struct BreachedResult {
  uint64_t entries = 0;
  uint64_t bytes = 0;
};

// More than this, unsorted, is refused: they are sorted in memory, 8 bytes each.
inline constexpr uint64_t kMaxUnsortedEntries = 200'000'000;

// Makes the file that BreachedPasswords reads. A list sorted by hash, whatever its size, is read
// twice and takes no memory; another one, or plain passwords, takes 8 bytes for each. Blocks.
// INVALID_FIELD about "input" for what is no such list, TOO_LARGE for one too large; about "output"
// for what cannot be written.
absl::StatusOr<BreachedResult> BuildBreachedFile(const BreachedBuild& build);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_BREACHED_BUILD_BREACHED_FILE_H_
