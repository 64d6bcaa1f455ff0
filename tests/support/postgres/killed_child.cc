#include "tests/support/postgres/killed_child.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gatehouse::tests {
namespace {

int g_pipe = -1;

void TellAndDie(const std::string& text) {
  if (write(g_pipe, text.data(), text.size()) < 0) _exit(1);
  raise(SIGKILL);
}

}  // namespace

std::string FromKilledChild(void (*act)(void (*tell)(const std::string&))) {
  int ends[2];
  if (pipe(ends) != 0) return "";
  const pid_t child = fork();
  if (child == 0) {
    g_pipe = ends[1];
    act(TellAndDie);
    _exit(1);
  }
  close(ends[1]);
  char buffer[256];
  const ssize_t size = read(ends[0], buffer, sizeof(buffer));
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return size > 0 ? std::string(buffer, static_cast<size_t>(size)) : "";
}

}  // namespace gatehouse::tests
