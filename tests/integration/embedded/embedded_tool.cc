// A stand-in for `gatehouse dev`, for tests that kill it: starts the private Postgres of a data
// directory, prints "READY <postgres pid> <dsn>" and stops in order when its input ends.
//
// Usage: embedded_tool DATA_DIR [BIN_DIR]. As an unprivileged user when GATEHOUSE_TEST_DROP is set.

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "storage/postgres/embedded/data_dir.h"
#include "storage/postgres/embedded/embedded_postgres.h"
#include "storage/postgres/embedded/server_account.h"

namespace embedded = gatehouse::storage::postgres::embedded;

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  if (std::getenv("GATEHOUSE_TEST_DROP") != nullptr) {
    auto account = gatehouse::storage::postgres::embedded::ServerAccount::Choose();
    if (!account.ok() || !account->AssumeInChild()) {
      std::cout << "FAILED cannot become an unprivileged user" << std::endl;
      return 1;
    }
  }
  auto dir = embedded::DataDir::Open(argv[1]);
  if (!dir.ok()) {
    std::cout << "FAILED " << dir.status().message() << std::endl;
    return 1;
  }
  embedded::EmbeddedOptions options;
  if (argc > 2) options.bin_dir = argv[2];
  options.progress = [](std::string_view text) { std::cout << "NOTE " << text << std::endl; };
  auto postgres = embedded::EmbeddedPostgres::Start(*dir, std::move(options));
  if (!postgres.ok()) {
    std::cout << "FAILED " << postgres.status().message() << std::endl;
    return 1;
  }
  std::cout << "READY " << (*postgres)->pid() << " " << (*postgres)->dsn() << std::endl;
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  (*postgres)->Stop();
  std::cout << "STOPPED" << std::endl;
  return 0;
}
