#include "service/common/validate.h"

#include <algorithm>
#include <utility>

#include "base/text/ascii.h"
#include "base/text/encoding.h"

namespace gatehouse::service {
namespace {

bool IsHttpUrl(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!base::StartsWithIgnoringCase(text, scheme)) continue;
    text.remove_prefix(scheme.size());
    const std::string_view authority = text.substr(0, text.find_first_of("/?#"));
    const bool printable = std::ranges::all_of(
        text, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; });
    return printable && !authority.empty() && authority.front() != ':' &&
           authority.find('@') == std::string_view::npos;
  }
  return false;
}

std::string Bytes(size_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

}  // namespace

void FieldChecks::Fail(std::string_view field, std::string_view description) {
  violations_.push_back({std::string(field), std::string(description)});
  reason_ = base::Reason::kInvalidField;
}

bool FieldChecks::Check(const absl::Status& status) {
  if (status.ok()) return true;
  const std::optional<base::ErrorDetails> details = base::GetErrorDetails(status);
  if (status.code() != absl::StatusCode::kInvalidArgument || !details ||
      details->violations.empty()) {
    if (other_.ok()) other_ = status;
    return false;
  }
  const bool agrees = violations_.empty() || reason_ == details->reason;
  reason_ = agrees ? details->reason : base::Reason::kInvalidField;
  violations_.insert(violations_.end(), details->violations.begin(), details->violations.end());
  return false;
}

bool FieldChecks::Length(std::string_view field, std::string_view text, size_t min_bytes,
                         size_t max_bytes) {
  if (!base::IsValidUtf8(text)) {
    Fail(field, "is not valid UTF-8, or has U+0000 in it");
    return false;
  }
  if (text.size() >= min_bytes && text.size() <= max_bytes) return true;
  if (text.empty()) {
    Fail(field, "must not be empty");
  } else if (min_bytes > 1) {
    Fail(field, "must have " + std::to_string(min_bytes) + " to " + Bytes(max_bytes));
  } else {
    Fail(field, "must have at most " + Bytes(max_bytes));
  }
  return false;
}

std::optional<base::Uuid> FieldChecks::RequireUuid(std::string_view field, std::string_view text) {
  if (text.empty()) {
    Fail(field, "must not be empty");
    return std::nullopt;
  }
  const std::optional<base::Uuid> id = base::Uuid::Parse(text);
  if (!id) Fail(field, "is not a UUID of 36 characters");
  return id;
}

base::Uuid FieldChecks::OptionalUuid(std::string_view field, std::string_view text) {
  if (text.empty()) return base::Uuid();
  return RequireUuid(field, text).value_or(base::Uuid());
}

bool FieldChecks::HttpUrl(std::string_view field, std::string_view text, size_t max_bytes) {
  if (!Length(field, text, 1, max_bytes)) return false;
  if (IsHttpUrl(text)) return true;
  Fail(field, "is not an http or https URL");
  return false;
}

absl::Status FieldChecks::ToStatus() const {
  if (!other_.ok()) return other_;
  if (violations_.empty()) return absl::OkStatus();
  const base::FieldViolation& first = violations_.front();
  std::string message = first.field + ": " + first.description;
  if (const size_t more = violations_.size() - 1; more > 0) {
    message += " (and " + std::to_string(more) + " more)";
  }
  return base::MakeError(
      absl::StatusCode::kInvalidArgument, message,
      {.reason = *reason_, .metadata = {{"field", first.field}}, .violations = violations_});
}

}  // namespace gatehouse::service
