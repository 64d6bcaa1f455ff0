// What the parts of authentication cost. Run with --config=release:
//   bazel run --config=release //tests/bench:auth_bench
// The figures that design decisions rest on are in docs/adr.

#include <argon2.h>
#include <benchmark/benchmark.h>
#include <sys/prctl.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "auth/api_key/api_key.h"
#include "auth/password/argon2id_digest.h"
#include "auth/password/password_hasher.h"
#include "auth/token/access_token.h"
#include "auth/token/refresh_token.h"
#include "auth/verdict/verdict_cache.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse {
namespace {

const std::string kMaster(32, 'm');
const base::Uuid kTenant = base::kDefaultTenantId;

// Everything that signing and verifying needs.
struct Tokens {
  explicit Tokens(auth::SigningAlgorithm algorithm) {
    const std::vector rows = {
        auth::SigningKey::Generate(algorithm, kTenant, clock.Now(), clock.Now(), kMaster)};
    if (!keyring.Load(rows).ok()) std::abort();
  }
  std::string Sign() const {
    return codec
        .Sign({.tenant_id = kTenant,
               .user_id = base::Uuid::MakeV7(clock.Now()),
               .session_id = base::Uuid::MakeV7(clock.Now()),
               .user_epoch = 1,
               .roles = {"viewer"},
               .amr = {"pwd"},
               .auth_time = clock.Now()})
        ->token;
  }

  base::SystemClock clock;
  auth::Keyring keyring{kMaster, {}};
  auth::AccessTokenCodec codec{
      keyring, clock, {.issuer = "https://gatehouse.example", .audience = "product"}};
};

auth::SigningAlgorithm Algorithm(const benchmark::State& state) {
  return static_cast<auth::SigningAlgorithm>(state.range(0));
}

void SignAccessToken(benchmark::State& state) {
  const Tokens tokens(Algorithm(state));
  for (auto _ : state) benchmark::DoNotOptimize(tokens.Sign());
  state.SetLabel(std::string(auth::SigningAlgorithmName(Algorithm(state))));
}
BENCHMARK(SignAccessToken)->DenseRange(0, 1);

void VerifyAccessToken(benchmark::State& state) {
  const Tokens tokens(Algorithm(state));
  const std::string token = tokens.Sign();
  for (auto _ : state) benchmark::DoNotOptimize(tokens.codec.Verify(token));
  state.SetLabel(std::string(auth::SigningAlgorithmName(Algorithm(state))) + ", " +
                 std::to_string(token.size()) + " bytes");
}
BENCHMARK(VerifyAccessToken)->DenseRange(0, 1);

void RefuseForgedToken(benchmark::State& state) {
  const Tokens tokens(auth::SigningAlgorithm::kEs256);
  std::string token = tokens.Sign();
  token[3] ^= 1;
  for (auto _ : state) benchmark::DoNotOptimize(tokens.codec.Verify(token));
}
BENCHMARK(RefuseForgedToken);

void DigestOfToken(benchmark::State& state) {
  const std::string token = Tokens(auth::SigningAlgorithm::kEs256).Sign();
  for (auto _ : state) benchmark::DoNotOptimize(auth::DigestOf(token));
}
BENCHMARK(DigestOfToken);

// 10,000 sessions in turn, as a server sees them.
void FindCachedVerdict(benchmark::State& state) {
  const Tokens tokens(auth::SigningAlgorithm::kEs256);
  const base::Time now = tokens.clock.Now();
  auth::VerdictCache cache;
  std::vector<std::string> known;
  for (int i = 0; i < 10'000; ++i) {
    known.push_back(tokens.Sign());
    auto verdict = std::make_shared<auth::Verdict>();
    verdict->principal.id = base::Uuid::MakeV7(now);
    verdict->stale_at = verdict->expires_at;
    cache.Insert(auth::DigestOf(known.back()), verdict, cache.Ticket());
  }
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cache.Find(auth::DigestOf(known[next]), now));
    next = (next + 1) % known.size();
  }
}
BENCHMARK(FindCachedVerdict);

void ParseApiKey(benchmark::State& state) {
  const std::string key = auth::MakeApiKey(kTenant).key;
  for (auto _ : state) benchmark::DoNotOptimize(auth::ParseApiKey(key));
}
BENCHMARK(ParseApiKey);

void RefreshToken(benchmark::State& state) {
  const auth::RefreshTokenCodec codec(kMaster);
  const std::string token = codec.Encode({.tenant_id = kTenant});
  for (auto _ : state) benchmark::DoNotOptimize(codec.Decode(token));
}
BENCHMARK(RefreshToken);

// The reference: libargon2 as anybody would call it, one thread after the other.
void RawArgon2id(benchmark::State& state) {
  const auth::Argon2idParams params;
  std::string digest(32, '\0');
  for (auto _ : state) {
    argon2id_hash_raw(params.passes, params.memory_kib, params.lanes, "correct horse", 13,
                      "0123456789abcdef", 16, digest.data(), digest.size());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(RawArgon2id)->ThreadRange(1, 2)->MeasureProcessCPUTime()->UseRealTime()->MinTime(3);

// One hash as the server computes it: does the memory come from the system each time,
// and in huge pages?
void Argon2idDigest(benchmark::State& state) {
  const bool fresh = state.range(0) != 0;
  const bool huge = state.range(1) != 0;
  prctl(PR_SET_THP_DISABLE, huge ? 0 : 1, 0, 0, 0);
  auth::Argon2idArena arena;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        auth::Argon2idDigest({}, "correct horse", "0123456789abcdef", 32, arena));
    if (fresh) arena.Release();
  }
  prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
}
BENCHMARK(Argon2idDigest)->ArgNames({"fresh", "huge"})->ArgsProduct({{0, 1}, {0, 1}})->MinTime(3);

// The same through the pool, with as many calls in flight as the argument says.
void PooledArgon2id(benchmark::State& state) {
  tests::LoopRunner runner;
  auth::PasswordHasher hasher({});
  for (auto _ : state) {
    std::vector<std::future<absl::StatusOr<bool>>> calls;
    for (int64_t i = 0; i < state.range(0); ++i) {
      calls.push_back(runner.Start<absl::StatusOr<bool>>(
          [&] { return hasher.VerifyOrDummy(runner.Context(), std::nullopt, "correct horse"); }));
    }
    for (auto& call : calls) {
      if (!call.get().ok()) state.SkipWithError("refused");
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(PooledArgon2id)->Arg(1)->Arg(64)->MeasureProcessCPUTime()->UseRealTime()->MinTime(3);

}  // namespace
}  // namespace gatehouse

BENCHMARK_MAIN();
