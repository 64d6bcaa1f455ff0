#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <string>

#include "auth/password/breached/build_breached_file.h"
#include "base/status.h"
#include "service/main/commands.h"
#include "service/main/exit_codes.h"

namespace gatehouse::service {

int RunBreachedBuild(const std::string& input, const std::string& output, uint64_t min_count) {
  const bool on_terminal = isatty(STDERR_FILENO) == 1;
  const absl::StatusOr<auth::BreachedResult> built =
      auth::BuildBreachedFile({.input = input,
                               .output = output,
                               .min_count = min_count,
                               .progress = [on_terminal](uint64_t done, uint64_t all) {
                                 if (!on_terminal || all == 0) return;
                                 std::cerr << "\r" << done * 100 / all << " % read" << std::flush;
                               }});
  if (on_terminal) std::cerr << "\r\x1b[K";
  if (!built.ok()) {
    std::cerr << "gatehouse: " << built.status().message() << "\n";
    return kExitFailed;
  }
  std::cout << output << ": " << built->entries << " passwords, " << built->bytes << " bytes\n";
  return kExitOk;
}

}  // namespace gatehouse::service
