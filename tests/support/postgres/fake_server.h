#ifndef GATEHOUSE_TESTS_SUPPORT_POSTGRES_FAKE_SERVER_H_
#define GATEHOUSE_TESTS_SUPPORT_POSTGRES_FAKE_SERVER_H_

#include <string>
#include <thread>

#include "tests/support/postgres/scratch_folder.h"

namespace gatehouse::tests {

// Connections come about as to a Postgres of any version, on a Unix socket of its own. Whoever then
// asks something gets what a pooler says that has lost its server: a FATAL, and no more. For what a
// real server of the tests cannot say.
//
// Runs on a thread of its own until it is destroyed, which ends its connections.
class FakeServer {
 public:
  struct Options {
    // As Postgres writes it.
    std::string version = "15.0";
    // Takes connections and says nothing, as a host behind a broken network.
    bool silent = false;
  };

  explicit FakeServer(Options options);
  FakeServer() : FakeServer(Options()) {}
  ~FakeServer();
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  const std::string& socket_dir() const { return folder_.path(); }
  std::string Dsn() const { return "host=" + socket_dir() + " user=gatehouse dbname=fake"; }

 private:
  void Run() const;

  const Options options_;
  const ScratchFolder folder_;
  int listener_ = -1;
  int stop_fd_ = -1;
  std::thread thread_;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_POSTGRES_FAKE_SERVER_H_
