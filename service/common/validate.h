#ifndef GATEHOUSE_SERVICE_COMMON_VALIDATE_H_
#define GATEHOUSE_SERVICE_COMMON_VALIDATE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/uuid.h"

namespace gatehouse::service {

// Collects what is wrong with a request, so that its caller learns everything
// at once. Each check adds at most one violation and returns whether it passed.
//
//   FieldChecks checks;
//   const std::optional<base::Uuid> id = checks.RequireUuid("user_id", request.user_id());
//   checks.Length("user.bio", user.bio(), 0, 2000);
//   GH_CO_RETURN_IF_ERROR(checks.ToStatus());
class FieldChecks {
 public:
  void Fail(std::string_view field, std::string_view description);
  // Takes over the violations of `status` if it is INVALID_ARGUMENT with
  // violations; any other error is kept and wins in ToStatus. OK passes.
  bool Check(const absl::Status& status);

  // Valid UTF-8 without U+0000, of so many bytes.
  bool Length(std::string_view field, std::string_view text, size_t min_bytes, size_t max_bytes);
  // The 36-character form; empty is wrong. nullopt if wrong.
  std::optional<base::Uuid> RequireUuid(std::string_view field, std::string_view text);
  // Empty: nil without a violation.
  base::Uuid OptionalUuid(std::string_view field, std::string_view text);
  // An http or https URL with a host, without blanks and control characters.
  bool HttpUrl(std::string_view field, std::string_view text, size_t max_bytes);

  bool ok() const { return violations_.empty() && other_.ok(); }
  // OK, or INVALID_ARGUMENT with every violation; the reason is INVALID_FIELD
  // unless all that was taken over agrees on another one.
  absl::Status ToStatus() const;

 private:
  std::vector<base::FieldViolation> violations_;
  std::optional<base::Reason> reason_;
  absl::Status other_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_VALIDATE_H_
