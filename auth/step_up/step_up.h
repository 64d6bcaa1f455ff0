#ifndef GATEHOUSE_AUTH_STEP_UP_STEP_UP_H_
#define GATEHOUSE_AUTH_STEP_UP_STEP_UP_H_

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/principal.h"
#include "base/time.h"

namespace gatehouse::auth {

// Whether a person has lately proven who they are: what methods ask for by which an account could
// be taken over with a token that was stolen or a screen that was left. Only of sessions: an API
// key has no person behind it, and what it may do its permissions say.
//
// Immutable, thread-safe; `clock` outlives it.
class StepUp {
 public:
  // A proof counts for `max_age`; 0: nothing is asked for.
  StepUp(const base::Clock& clock, std::chrono::seconds max_age)
      : clock_(clock), max_age_(max_age) {}

  // OK, or FAILED_PRECONDITION, STEP_UP_REQUIRED, with a violation for each claim of the token that
  // falls short: "auth_time" is too old, "amr" lacks a second factor, though the caller has one
  // (`second_factor`). SessionService.StepUpSession mends both.
  absl::Status Require(const base::Principal& caller, bool second_factor = false) const;

 private:
  const base::Clock& clock_;
  const std::chrono::seconds max_age_;
};

// The `amr` of a session in which `proven` was proven besides what `before` says: each value once,
// in their order, and "mfa" at the end if something that one has is among them and something else
// as well.
std::vector<std::string> AddToAmr(std::vector<std::string> before,
                                  const std::vector<std::string>& proven);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_STEP_UP_STEP_UP_H_
