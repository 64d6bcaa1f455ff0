#include "tests/support/postgres/fake_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace gatehouse::tests {
namespace {

// A message of Postgres's protocol: its kind, its length, what it says.
std::string Message(char kind, const std::string& body) {
  const size_t length = body.size() + 4;
  std::string message(1, kind);
  for (const int shift : {24, 16, 8, 0}) message.push_back(static_cast<char>(length >> shift));
  return message + body;
}

std::string Text(const std::string& text) { return text + '\0'; }

std::string Greeting(const std::string& version) {
  const std::string authenticated(4, '\0');
  const std::string key_of_session(8, '\1');
  return Message('R', authenticated) + Message('S', Text("server_version") + Text(version)) +
         Message('S', Text("client_encoding") + Text("UTF8")) + Message('K', key_of_session) +
         Message('Z', "I");
}

std::string LastWords() {
  return Message('E', "S" + Text("FATAL") + "V" + Text("FATAL") + "C" + Text("08P01") + "M" +
                          Text("server conn crashed?") + '\0');
}

void Say(int socket, const std::string& what) {
  // Who has left hears nothing.
  (void)::send(socket, what.data(), what.size(), MSG_NOSIGNAL);
}

}  // namespace

FakeServer::FakeServer(Options options)
    : options_(std::move(options)),
      listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_fd_(::eventfd(0, EFD_CLOEXEC)) {
  sockaddr_un address{.sun_family = AF_UNIX};
  const std::string path = folder_.path() + "/.s.PGSQL.5432";
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::listen(listener_, SOMAXCONN), 0);
  thread_ = std::thread([this] { Run(); });
}

FakeServer::~FakeServer() {
  const uint64_t one = 1;
  EXPECT_EQ(::write(stop_fd_, &one, sizeof(one)), static_cast<ssize_t>(sizeof(one)));
  thread_.join();
  ::close(listener_);
  ::close(stop_fd_);
}

void FakeServer::Run() const {
  enum class Heard { kNothing, kWhoItIs, kQuestion };
  std::map<int, Heard> clients;
  while (true) {
    std::vector<pollfd> fds = {{stop_fd_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& [socket, heard] : clients) fds.push_back({socket, POLLIN, 0});
    ::poll(fds.data(), fds.size(), /*timeout=*/-1);
    if (fds[0].revents != 0) break;
    if (fds[1].revents != 0) {
      clients.emplace(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC), Heard::kNothing);
    }
    for (size_t i = 2; i < fds.size(); ++i) {
      if (fds[i].revents == 0) continue;
      const int socket = fds[i].fd;
      char bytes[8192];
      if (::recv(socket, bytes, sizeof(bytes), 0) <= 0) {
        ::close(socket);
        clients.erase(socket);
      } else if (options_.silent) {
        continue;
      } else if (Heard& heard = clients.at(socket); heard == Heard::kNothing) {
        heard = Heard::kWhoItIs;
        Say(socket, Greeting(options_.version));
      } else if (std::exchange(heard, Heard::kQuestion) == Heard::kWhoItIs) {
        Say(socket, LastWords());
        // Closed when the client has: what it sent and nobody read would take the words away.
        ::shutdown(socket, SHUT_WR);
      }
    }
  }
  for (const auto& [socket, heard] : clients) ::close(socket);
}

}  // namespace gatehouse::tests
