#ifndef GATEHOUSE_AUTH_PASSWORD_PASSWORD_HASHER_H_
#define GATEHOUSE_AUTH_PASSWORD_PASSWORD_HASHER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/password/argon2id.h"
#include "auth/password/hash/password_hash.h"
#include "base/async/task.h"
#include "base/call_context.h"

namespace gatehouse::auth {

// Hashes and verifies passwords on threads of its own, so that nothing else
// waits for them.
//
// Passwords are given in the form of NormalizePassword / CheckNewPassword.
//
// Who waits gets a turn by address (base::CallContext::client_key): however many of one address
// wait, one of another waits for a single hash of theirs.
//
// Overload: a full queue, or one so long that the call's deadline would pass
// first, is RESOURCE_EXHAUSTED, HASHING_OVERLOADED with the delay after which a
// retry is worth it, before any work is done. A full queue takes one more of an address that
// has less in it, at the cost of the address that has most.
//
// Memory: each thread has that of one hash of our own, or of one as good; of what is imported and
// takes more, one is computed at a time. The others of that kind wait for it, and hold up nothing
// else.
//
// Thread-safe; a call resumes on its own loop. Cancellation: the call is
// answered at once, and a job that has not begun is skipped. Outlives the
// loops' calls; the destructor waits for the hash in progress.
class PasswordHasher {
 public:
  struct Options {
    // Of new hashes.
    Argon2idParams params = {};
    // Hashes of these costs need no new one either. For costs that were measured
    // (CalibrateArgon2id), of which servers of one database may find different ones.
    std::vector<Argon2idParams> as_good = {};
    // 0: one per core. Argon2 is bound by the CPU and the memory bus.
    size_t threads = 0;
    // Jobs that may wait. 256 are about a second of work on two cores, two without AVX2.
    size_t max_queued = 256;
  };

  explicit PasswordHasher(Options options);
  ~PasswordHasher();
  PasswordHasher(const PasswordHasher&) = delete;
  PasswordHasher& operator=(const PasswordHasher&) = delete;

  // A new PHC string with a random salt.
  base::Task<absl::StatusOr<std::string>> Hash(base::CallContext context, std::string password);

  // Whether `password` is the one of `phc`, which may be of any kind that ParsePasswordHash knows.
  // Without a hash, with one that cannot be used (unknown scheme, malformed, beyond the limits) and
  // without a password, the same queue and the same work lead to false: whoever measures learns
  // nothing about the account. So a login calls this exactly once, whatever it found, and passes
  // nullopt for an account that may not log in. That work costs what most of the hashes cost that
  // ExpectStored was told of last: after a change of the parameters, or an import, most accounts
  // have hashes of others than new ones get.
  base::Task<absl::StatusOr<bool>> VerifyOrDummy(base::CallContext context,
                                                 std::optional<std::string> phc,
                                                 std::optional<std::string> password);

  // Hashes that accounts have, drawn at random. Those that cannot be used do not count; without any
  // a dummy costs what a new hash does.
  void ExpectStored(std::span<const std::string> hashes);

  // True for a hash of other costs, shape or scheme than new ones get, unless it is as good. To be
  // asked after a successful verification, when the password is at hand.
  bool NeedsRehash(std::string_view phc) const;

  // The costs that a dummy has now.
  HashCost usual_cost() const;

  // Hashes computed so far, dummies included. For metrics, and for the test that
  // every kind of failed login costs one.
  uint64_t hash_count() const;
  size_t queued() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_PASSWORD_HASHER_H_
