#include "absl/synchronization/mutex.h"
#include "service/main/command_line.h"

int main(int argc, char** argv) {
  // Debian's Abseil looks for deadlocks at every lock of gRPC, which costs 5 to
  // 8 % of a call. Tests keep it on.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return gatehouse::service::RunCommandLine(argc, argv);
}
