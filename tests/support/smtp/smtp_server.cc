#include "tests/support/smtp/smtp_server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace gatehouse::tests {
namespace {

// Debian's, since the module is Debian's too.
constexpr char kPython[] = "/usr/bin/python3";
// Longer than anything takes, on whichever machine.
constexpr int kPatienceMs = 60'000;
constexpr int kPipeBytes = 1 << 20;
constexpr char kProgram[] = "tests/support/smtp/smtp_server.py";

void Require(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "the test's mail server: %s\n", what);
  std::abort();
}

}  // namespace

SmtpServer::SmtpServer(const std::vector<std::string>& arguments) {
  int to_child[2];
  int from_child[2];
  Require(pipe2(to_child, O_CLOEXEC) == 0 && pipe2(from_child, O_CLOEXEC) == 0, "no pipes");
  // It waits with its answers while nobody reads what it tells: there is room for hundreds of
  // mails.
  Require(fcntl(from_child[0], F_SETPIPE_SZ, kPipeBytes) >= kPipeBytes, "no room in its pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to_child[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from_child[1], STDOUT_FILENO);
  std::vector<std::string> words = {kPython, kProgram};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  Require(posix_spawn(&process_, kPython, &actions, nullptr, argv.data(), environ) == 0,
          "cannot be started");
  posix_spawn_file_actions_destroy(&actions);
  close(to_child[0]);
  close(from_child[1]);
  input_ = to_child[1];
  output_ = from_child[0];
  port_ = Await("port").get<uint16_t>();
}

SmtpServer::~SmtpServer() {
  close(input_);
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  close(output_);
}

void SmtpServer::Tell(const std::string& command) {
  const std::string line = command + "\n";
  Require(write(input_, line.data(), line.size()) == static_cast<ssize_t>(line.size()), "is gone");
  Await("done");
}

nlohmann::json SmtpServer::NextMail() {
  if (mails_.empty()) return Await("mail");
  nlohmann::json mail = std::move(mails_.front());
  mails_.pop_front();
  return mail;
}

size_t SmtpServer::untold() {
  Tell("nothing");
  return mails_.size();
}

void SmtpServer::WaitUntilHeld() {
  if (!std::exchange(held_, false)) Await("held");
}

nlohmann::json SmtpServer::Await(const std::string& name) {
  while (true) {
    const size_t end = buffer_.find('\n');
    if (end == std::string::npos) {
      pollfd waiting = {output_, POLLIN, 0};
      Require(poll(&waiting, 1, kPatienceMs) == 1, ("says nothing of " + name).c_str());
      char more[4096];
      const ssize_t size = read(output_, more, sizeof(more));
      Require(size > 0, "has ended: is python3-aiosmtpd installed (tools/setup test)?");
      buffer_.append(more, static_cast<size_t>(size));
      continue;
    }
    const nlohmann::json line = nlohmann::json::parse(buffer_.substr(0, end));
    buffer_.erase(0, end + 1);
    if (line.contains(name)) return line[name];
    if (line.contains("mail")) mails_.push_back(line["mail"]);
    if (line.contains("held")) held_ = true;
  }
}

}  // namespace gatehouse::tests
