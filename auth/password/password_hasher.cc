#include "auth/password/password_hasher.h"

#include <openssl/crypto.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <functional>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

#include "auth/limits/rate_limiter.h"
#include "auth/password/argon2id_arena.h"
#include "auth/password/fair_queue.h"
#include "auth/password/hash/hash_digest.h"
#include "base/async/mutex.h"
#include "base/async/one_shot.h"
#include "base/async/worker_pool.h"
#include "base/hash.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

constexpr size_t kSaltBytes = 16;
constexpr size_t kDigestBytes = 32;
// What a hash may take on every thread at a time, whatever our own take. Of others that take more
// one is computed at a time, or an import of large ones could use up the memory of the server.
constexpr uint32_t kSmallKib = 32 * 1024;

using Digest = std::optional<std::string>;
using SteadyClock = std::chrono::steady_clock;

// A hash takes as long as a thousand other calls, and as many threads as there are cores may be at
// it: this one stands back behind the loops, once and for all.
void StandBack() {
  constexpr int kNice = 10;
  // Of the calling thread alone, as Linux has it.
  static thread_local const int result =
      setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNice);
  // Where it may not be, hashes are as important as everything else.
  static_cast<void>(result);
}

std::vector<HashCost> CostsOf(const std::vector<Argon2idParams>& all) {
  std::vector<HashCost> costs;
  for (const Argon2idParams& params : all) costs.push_back(CostOf(params));
  return costs;
}

absl::Status Overloaded(std::chrono::nanoseconds wait) {
  // At least a tick, so that nobody retries at once.
  const auto delay =
      std::max(std::chrono::ceil<std::chrono::milliseconds>(wait), std::chrono::milliseconds(10));
  return base::MakeError(absl::StatusCode::kResourceExhausted,
                         "too many logins wait for password hashing",
                         {.reason = base::Reason::kHashingOverloaded,
                          .retry_after = delay,
                          .quota = "password hashes waiting"});
}

absl::Status Cancelled() {
  return base::MakeError(absl::StatusCode::kCancelled, "the caller gave up",
                         {.reason = base::Reason::kCancelled});
}

absl::Status DeadlinePassed() {
  return base::MakeError(absl::StatusCode::kDeadlineExceeded, "the deadline has passed",
                         {.reason = base::Reason::kDeadline});
}

// nullopt: given up by the caller. Else what the worker computed, or why it did not.
using Outcome = std::optional<absl::StatusOr<Digest>>;

// One hash to compute. The loop and a worker hold it.
struct Job {
  // Of which the digest only says how long it is.
  PasswordHash hash;
  std::string password;
  // Of the caller (base::CallContext::client_key).
  std::string address = {};
  // Set by the call's loop; read by the worker before it begins.
  std::atomic<bool> abandoned = false;

  base::Loop* loop = nullptr;
  base::OneShot<Outcome> done;

  // From any thread.
  void Finish(absl::StatusOr<Digest> result) {
    loop->Post(
        [done = done, result = std::move(result)]() mutable { done.Set(std::move(result)); });
  }

  ~Job() { OPENSSL_cleanse(password.data(), password.size()); }
};

}  // namespace

// Arenas are shared, not owned by threads: there are never more than threads.
struct PasswordHasher::State {
  State(const Options& hasher_options, size_t threads)
      : options(hasher_options),
        own(CostOf(hasher_options.params)),
        usual(own),
        as_good(CostsOf(hasher_options.as_good)),
        waiting(hasher_options.max_queued),
        large_waiting(hasher_options.max_queued),
        // `waiting` has the bound: the pool holds a turn for each that waits there.
        pool("hash", threads, std::numeric_limits<size_t>::max()) {}

  HashCost UsualCost() GH_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    return usual;
  }

  // Whether hashes of that cost stay as they are.
  bool IsGood(const HashCost& cost) const {
    return cost == own || std::ranges::find(as_good, cost) != as_good.end();
  }

  // Whether no other of its kind is computed beside it.
  bool IsLarge(const Job& job) const {
    return !IsGood(job.hash.cost) && job.hash.cost.memory_kib > kSmallKib;
  }

  // How long a job that is queued now waits until its hash is done.
  std::chrono::nanoseconds EstimatedTime(const Job& job) GH_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    size_t rounds = (waiting.Ahead(job.address) + computing) / pool.threads() + 1;
    if (IsLarge(job)) {
      rounds = std::max(rounds, large_waiting.Ahead(job.address) + (large_at_work ? 2 : 1));
    }
    return std::chrono::nanoseconds(average_nanos.load(std::memory_order_relaxed) *
                                    static_cast<int64_t>(rounds));
  }

  size_t Waiting() GH_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    return waiting.size() + large_waiting.size();
  }

  // Takes one turn of the queue, on a thread of the pool.
  void ComputeNext() GH_EXCLUDES(mutex);
  // The job of a turn, to be computed now; null if there is none, or if it is a large one and
  // another of them is at work: that one's thread takes it next, so that no thread waits.
  std::shared_ptr<Job> Begin() GH_EXCLUDES(mutex);
  // That `job` is done. What its thread is to compute next; null: nothing.
  std::shared_ptr<Job> End(const Job& job) GH_EXCLUDES(mutex);
  Digest Compute(const Job& job);
  Digest ComputeIn(const Job& job, Argon2idArena& arena);
  base::Task<absl::StatusOr<std::string>> Run(base::CallContext context, std::shared_ptr<Job> job);

  const Options options;
  // Of new hashes.
  const HashCost own;
  base::Mutex mutex;
  // Of most of those that are stored.
  HashCost usual GH_GUARDED_BY(mutex);
  const std::vector<HashCost> as_good;
  std::atomic<uint64_t> hash_count = 0;
  // By the address of the caller (base::CallContext::client_key).
  FairQueue<std::shared_ptr<Job>> waiting GH_GUARDED_BY(mutex);
  size_t computing GH_GUARDED_BY(mutex) = 0;
  // A hash of others is computed that takes much memory.
  bool large_at_work GH_GUARDED_BY(mutex) = false;
  // What waits for its end, whose turn of `waiting` is over.
  FairQueue<std::shared_ptr<Job>> large_waiting GH_GUARDED_BY(mutex);
  // Of one hash, of whatever kind they are of late; 0 until one was measured. Then every call is
  // let in that the queue has room for.
  std::atomic<int64_t> average_nanos = 0;
  std::vector<std::unique_ptr<Argon2idArena>> idle_arenas GH_GUARDED_BY(mutex);
  // Last: its threads use the rest.
  base::WorkerPool pool;
};

void PasswordHasher::State::ComputeNext() {
  StandBack();
  for (std::shared_ptr<Job> job = Begin(); job;) {
    Digest digest;
    if (!job->abandoned.load(std::memory_order_relaxed)) digest = Compute(*job);
    std::shared_ptr<Job> next = End(*job);
    job->Finish(std::move(digest));
    job = std::move(next);
  }
}

std::shared_ptr<Job> PasswordHasher::State::Begin() {
  FairQueue<std::shared_ptr<Job>>::Pushed pushed;
  std::shared_ptr<Job> job;
  std::chrono::nanoseconds wait{0};
  {
    base::MutexLock lock(mutex);
    std::optional<std::shared_ptr<Job>> next = waiting.Pop();
    if (!next) return nullptr;
    job = *std::move(next);
    if (!IsLarge(*job) || !std::exchange(large_at_work, true)) {
      ++computing;
      return job;
    }
    pushed = large_waiting.Push(job->address, job);
    wait = std::chrono::nanoseconds(average_nanos.load(std::memory_order_relaxed) *
                                    static_cast<int64_t>(large_waiting.size()));
  }
  if (!pushed.accepted) job->Finish(Overloaded(wait));
  if (pushed.displaced) (*pushed.displaced)->Finish(Overloaded(wait));
  return nullptr;
}

std::shared_ptr<Job> PasswordHasher::State::End(const Job& job) {
  base::MutexLock lock(mutex);
  --computing;
  if (!IsLarge(job)) return nullptr;
  std::optional<std::shared_ptr<Job>> next = large_waiting.Pop();
  large_at_work = next.has_value();
  if (!next) return nullptr;
  ++computing;
  return *std::move(next);
}

Digest PasswordHasher::State::Compute(const Job& job) {
  if (IsLarge(job)) {
    // Its memory goes back at once: a hash of others may have taken a gigabyte.
    Argon2idArena arena;
    return ComputeIn(job, arena);
  }
  std::unique_ptr<Argon2idArena> arena;
  {
    base::MutexLock lock(mutex);
    if (!idle_arenas.empty()) {
      arena = std::move(idle_arenas.back());
      idle_arenas.pop_back();
    }
  }
  if (!arena) arena = std::make_unique<Argon2idArena>();
  Digest digest = ComputeIn(job, *arena);
  // Under load the memory stays; when nothing waits it goes back, so that an idle
  // server is small.
  if (Waiting() == 0) arena->Release();
  base::MutexLock lock(mutex);
  idle_arenas.push_back(std::move(arena));
  return digest;
}

Digest PasswordHasher::State::ComputeIn(const Job& job, Argon2idArena& arena) {
  const auto start = SteadyClock::now();
  Digest digest = ComputeDigest(job.hash, job.password, arena);
  const int64_t nanos = std::chrono::nanoseconds(SteadyClock::now() - start).count();
  hash_count.fetch_add(1, std::memory_order_relaxed);
  const int64_t average = average_nanos.load(std::memory_order_relaxed);
  average_nanos.store(average == 0 ? nanos : average + (nanos - average) / 8,
                      std::memory_order_relaxed);
  return digest;
}

base::Task<absl::StatusOr<std::string>> PasswordHasher::State::Run(base::CallContext context,
                                                                   std::shared_ptr<Job> job) {
  if (context.cancel().cancelled()) co_return Cancelled();
  job->address = context.client_key();
  const std::chrono::nanoseconds time = EstimatedTime(*job);
  // A difference, since a call without a deadline has the largest time point.
  const auto time_left = context.deadline() - SteadyClock::now();
  if (time_left <= std::chrono::nanoseconds(0)) co_return DeadlinePassed();
  if (time_left < time) co_return Overloaded(time);

  job->loop = &context.loop();
  FairQueue<std::shared_ptr<Job>>::Pushed pushed;
  {
    base::MutexLock lock(mutex);
    pushed = waiting.Push(job->address, job);
  }
  if (!pushed.accepted) co_return Overloaded(time);
  if (pushed.displaced) {
    // Its turn goes to this one's address or another.
    (*pushed.displaced)->Finish(Overloaded(time));
  } else {
    pool.TrySubmit([this] { ComputeNext(); });
  }
  const auto on_cancel = context.cancel().OnCancel([job] {
    job->abandoned.store(true, std::memory_order_relaxed);
    job->done.Set(std::nullopt);
  });
  Outcome result = co_await job->done;
  if (!result) co_return Cancelled();
  GH_CO_ASSIGN_OR_RETURN(Digest digest, *std::move(result));
  if (!digest) co_return base::InternalError("a password hash failed: out of memory");
  co_return *std::move(digest);
}

PasswordHasher::PasswordHasher(Options options) {
  const size_t threads =
      options.threads > 0 ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  state_ = std::make_unique<State>(options, threads);
}

PasswordHasher::~PasswordHasher() = default;

base::Task<absl::StatusOr<std::string>> PasswordHasher::Hash(base::CallContext context,
                                                             std::string password) {
  auto job = std::make_shared<Job>();
  job->hash = {.cost = state_->own,
               .salt = base::RandomBytes(kSaltBytes),
               .digest = std::string(kDigestBytes, '\0')};
  job->password = std::move(password);
  GH_CO_ASSIGN_OR_RETURN(std::string digest, co_await state_->Run(std::move(context), job));
  co_return FormatArgon2idHash(
      {.params = state_->options.params, .salt = job->hash.salt, .digest = std::move(digest)});
}

base::Task<absl::StatusOr<bool>> PasswordHasher::VerifyOrDummy(
    base::CallContext context, std::optional<std::string> phc,
    std::optional<std::string> password) {
  auto job = std::make_shared<Job>();
  bool stored = false;
  if (phc && password) {
    if (absl::StatusOr<PasswordHash> hash = ParsePasswordHash(*phc); hash.ok()) {
      job->hash = *std::move(hash);
      stored = true;
    }
  }
  if (!stored) job->hash = RandomPasswordHash(state_->UsualCost());
  job->password = std::move(password).value_or("");
  GH_CO_ASSIGN_OR_RETURN(const std::string digest, co_await state_->Run(std::move(context), job));
  const bool equal = base::ConstantTimeEquals(digest, job->hash.digest);
  co_return equal&& stored;
}

void PasswordHasher::ExpectStored(std::span<const std::string> hashes) {
  // Of few kinds, however many there are.
  std::vector<std::pair<HashCost, int>> counts;
  for (const std::string& text : hashes) {
    const absl::StatusOr<PasswordHash> hash = ParsePasswordHash(text);
    if (!hash.ok()) continue;
    auto found = std::ranges::find(counts, hash->cost, &std::pair<HashCost, int>::first);
    if (found == counts.end()) found = counts.insert(found, {hash->cost, 0});
    ++found->second;
  }
  const auto most = std::ranges::max_element(counts, {}, &std::pair<HashCost, int>::second);
  base::MutexLock lock(state_->mutex);
  state_->usual = most == counts.end() ? state_->own : most->first;
}

bool PasswordHasher::NeedsRehash(std::string_view phc) const {
  const absl::StatusOr<PasswordHash> hash = ParsePasswordHash(phc);
  return !hash.ok() || !state_->IsGood(hash->cost) || hash->salt.size() != kSaltBytes ||
         hash->digest.size() < kDigestBytes;
}

HashCost PasswordHasher::usual_cost() const { return state_->UsualCost(); }

uint64_t PasswordHasher::hash_count() const {
  return state_->hash_count.load(std::memory_order_relaxed);
}

size_t PasswordHasher::queued() const { return state_->Waiting(); }

}  // namespace gatehouse::auth
