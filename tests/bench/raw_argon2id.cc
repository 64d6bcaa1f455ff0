// What logging in cannot be faster than: libargon2 called in a loop by as many
// threads as there are cores. Prints one line of JSON: {"rate": R}.
//
//   raw_argon2id --memory_kib=19456 --passes=2 --lanes=1 --threads=2 --seconds=3

#include <argon2.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace {

constexpr char kPassword[] = "correct horse";
constexpr char kSalt[] = "0123456789abcdef";

}  // namespace

int main(int argc, char** argv) {
  uint32_t memory_kib = 0;
  uint32_t passes = 0;
  uint32_t lanes = 0;
  int thread_count = 1;
  double seconds = 3;
  CLI::App app("Raw Argon2id rate");
  app.add_option("--memory_kib", memory_kib)->required();
  app.add_option("--passes", passes)->required();
  app.add_option("--lanes", lanes)->required();
  app.add_option("--threads", thread_count);
  app.add_option("--seconds", seconds);
  CLI11_PARSE(app, argc, argv);

  std::atomic<int64_t> hashes = 0;
  std::atomic<bool> failed = false;
  const auto begin = std::chrono::steady_clock::now();
  const auto until = begin + std::chrono::duration<double>(seconds);
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] {
      std::string digest(32, '\0');
      while (std::chrono::steady_clock::now() < until) {
        if (argon2id_hash_raw(passes, memory_kib, lanes, kPassword, sizeof(kPassword) - 1, kSalt,
                              sizeof(kSalt) - 1, digest.data(), digest.size()) != ARGON2_OK) {
          failed = true;
          return;
        }
        ++hashes;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) {
    std::fprintf(stderr, "argon2id_hash_raw refused the parameters\n");
    return 1;
  }
  // Until the last one ended: hashes under way at the deadline count in full.
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("{\"rate\": %.2f}\n", static_cast<double>(hashes) / took.count());
  return 0;
}
