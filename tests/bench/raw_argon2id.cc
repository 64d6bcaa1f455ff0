// Argon2id called in a loop by as many threads as there are cores. Prints one line of
// JSON: {"rate": R}.
//
//   raw_argon2id --memory_kib=19456 --passes=2 --lanes=1 --threads=2 --seconds=3 [--own]
//
// By libargon2, the reference implementation, or with --own by the function that the
// server calls: what no login can be faster than.

#include <argon2.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "auth/password/argon2id_digest.h"

namespace {

using gatehouse::auth::Argon2idArena;
using gatehouse::auth::Argon2idParams;

constexpr char kPassword[] = "correct horse";
constexpr char kSalt[] = "0123456789abcdef";
constexpr size_t kDigestBytes = 32;

bool HashByLibargon2(const Argon2idParams& params) {
  std::string digest(kDigestBytes, '\0');
  return argon2id_hash_raw(params.passes, params.memory_kib, params.lanes, kPassword,
                           sizeof(kPassword) - 1, kSalt, sizeof(kSalt) - 1, digest.data(),
                           digest.size()) == ARGON2_OK;
}

bool HashAsTheServerDoes(const Argon2idParams& params) {
  thread_local Argon2idArena arena;
  return gatehouse::auth::Argon2idDigest(params, kPassword, kSalt, kDigestBytes, arena).has_value();
}

}  // namespace

int main(int argc, char** argv) {
  Argon2idParams params;
  bool own = false;
  int thread_count = 1;
  double seconds = 3;
  CLI::App app("Raw Argon2id rate");
  app.add_option("--memory_kib", params.memory_kib)->required();
  app.add_option("--passes", params.passes)->required();
  app.add_option("--lanes", params.lanes)->required();
  app.add_option("--threads", thread_count);
  app.add_option("--seconds", seconds);
  app.add_flag("--own", own);
  CLI11_PARSE(app, argc, argv);

  const auto hash = own ? HashAsTheServerDoes : HashByLibargon2;
  std::atomic<int64_t> hashes = 0;
  std::atomic<bool> failed = false;
  const auto begin = std::chrono::steady_clock::now();
  const auto until = begin + std::chrono::duration<double>(seconds);
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] {
      while (std::chrono::steady_clock::now() < until) {
        if (!hash(params)) {
          failed = true;
          return;
        }
        ++hashes;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) {
    std::fprintf(stderr, "Argon2id refused the parameters\n");
    return 1;
  }
  // Until the last one ended: hashes under way at the deadline count in full.
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("{\"rate\": %.2f}\n", static_cast<double>(hashes) / took.count());
  return 0;
}
