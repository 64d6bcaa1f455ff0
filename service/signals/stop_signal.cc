#include "service/signals/stop_signal.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace gatehouse::service {
namespace {

// By convention of shells: killed by signal N.
constexpr int kExitBySignal = 128;

// A handler reaches nothing but globals.
std::atomic<int> g_bell = -1;
std::atomic<int> g_signal = 0;
std::atomic<bool> g_exit_at_once = false;

struct sigaction g_former_term;
struct sigaction g_former_int;

void Ring() {
  const uint64_t one = 1;
  // Fails only if the counter is full: then Wait has long been woken.
  [[maybe_unused]] const ssize_t written = write(g_bell, &one, sizeof(one));
}

// Runs on any thread, in the middle of anything: only what POSIX calls
// async-signal-safe.
void OnSignal(int number) {
  int none = 0;
  if (g_exit_at_once || !g_signal.compare_exchange_strong(none, number))
    _exit(kExitBySignal + number);
  const int saved_errno = errno;
  Ring();
  errno = saved_errno;
}

}  // namespace

StopSignal::StopSignal(BeforeReady before_ready) {
  g_signal = 0;
  g_exit_at_once = before_ready == BeforeReady::kExit;
  g_bell = eventfd(0, EFD_CLOEXEC);
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &action, &g_former_term);
  sigaction(SIGINT, &action, &g_former_int);
}

StopSignal::~StopSignal() {
  sigaction(SIGTERM, &g_former_term, nullptr);
  sigaction(SIGINT, &g_former_int, nullptr);
  close(g_bell.exchange(-1));
}

void StopSignal::Ready() { g_exit_at_once = false; }

int StopSignal::Wait() {
  uint64_t rung = 0;
  while (read(g_bell, &rung, sizeof(rung)) < 0 && errno == EINTR) {
  }
  return g_signal;
}

void StopSignal::Request() { Ring(); }

}  // namespace gatehouse::service
