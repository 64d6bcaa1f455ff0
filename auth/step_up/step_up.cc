#include "auth/step_up/step_up.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::auth {
namespace {

// RFC 8176.
constexpr std::string_view kManyFactors = "mfa";

// Something that one has, in the words of RFC 8176: a code of an app or a list, a key.
bool IsPossession(std::string_view method) { return method == "otp" || method == "pop"; }

bool Has(const std::vector<std::string>& amr, std::string_view method) {
  return std::ranges::find(amr, method) != amr.end();
}

}  // namespace

absl::Status StepUp::Require(const base::Principal& caller, bool second_factor) const {
  if (max_age_.count() == 0 || caller.kind != base::Principal::Kind::kUser) {
    return absl::OkStatus();
  }
  std::vector<base::FieldViolation> lacking;
  if (clock_.Now() - caller.auth_time > max_age_) {
    lacking.push_back(
        {"auth_time", "the login is older than " + std::to_string(max_age_.count()) + " seconds"});
  }
  if (second_factor && !Has(caller.amr, kManyFactors)) {
    lacking.push_back({"amr", "the session has not proven the second factor that the user has"});
  }
  if (lacking.empty()) return absl::OkStatus();
  return base::MakeError(
      absl::StatusCode::kFailedPrecondition,
      "prove again who you are by SessionService.StepUpSession, and call with the token it gives",
      {.reason = base::Reason::kStepUpRequired,
       .metadata = {{"max_age_seconds", std::to_string(max_age_.count())}},
       .violations = std::move(lacking)});
}

std::vector<std::string> AddToAmr(std::vector<std::string> before,
                                  const std::vector<std::string>& proven) {
  bool many = Has(before, kManyFactors);
  std::erase(before, kManyFactors);
  for (const std::string& method : proven) {
    if (method == kManyFactors) {
      many = true;
    } else if (!Has(before, method)) {
      before.push_back(method);
    }
  }
  many = many ||
         (std::ranges::any_of(before, IsPossession) && !std::ranges::all_of(before, IsPossession));
  if (many) before.emplace_back(kManyFactors);
  return before;
}

}  // namespace gatehouse::auth
