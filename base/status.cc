#include "base/status.h"

#include <cstdint>

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace gatehouse::base {
namespace {

constexpr char kPayloadUrl[] = "gatehouse/error";

// The payload is a list of length-prefixed strings: it never leaves the
// process, so it needs no schema.
void Put(std::string& out, std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  out.append(reinterpret_cast<const char*>(&size), sizeof(size));
  out.append(text);
}
void Put(std::string& out, size_t number) { Put(out, std::to_string(number)); }

class Reader {
 public:
  explicit Reader(std::string_view data) : data_(data) {}
  std::string Text() {
    uint32_t size = 0;
    data_.copy(reinterpret_cast<char*>(&size), sizeof(size));
    std::string text(data_.substr(sizeof(size), size));
    data_.remove_prefix(sizeof(size) + size);
    return text;
  }
  int64_t Number() { return std::stoll(Text()); }

 private:
  std::string_view data_;
};

std::string Encode(const ErrorDetails& details) {
  std::string out;
  Put(out, static_cast<size_t>(details.reason));
  Put(out, details.quota);
  Put(out, details.retry_after ? std::to_string(details.retry_after->count()) : "-1");
  Put(out, details.metadata.size());
  for (const auto& [key, value] : details.metadata) {
    Put(out, key);
    Put(out, value);
  }
  Put(out, details.violations.size());
  for (const FieldViolation& violation : details.violations) {
    Put(out, violation.field);
    Put(out, violation.description);
  }
  return out;
}

ErrorDetails Decode(std::string_view payload) {
  Reader reader(payload);
  ErrorDetails details{.reason = static_cast<Reason>(reader.Number())};
  details.quota = reader.Text();
  if (const int64_t millis = reader.Number(); millis >= 0) {
    details.retry_after = std::chrono::milliseconds(millis);
  }
  for (int64_t left = reader.Number(); left > 0; --left) {
    std::string key = reader.Text();
    details.metadata.emplace_back(std::move(key), reader.Text());
  }
  for (int64_t left = reader.Number(); left > 0; --left) {
    std::string field = reader.Text();
    details.violations.push_back({std::move(field), reader.Text()});
  }
  return details;
}

}  // namespace

bool operator==(const ErrorDetails& a, const ErrorDetails& b) { return Encode(a) == Encode(b); }

absl::Status MakeError(absl::StatusCode code, std::string_view message, ErrorDetails details) {
  absl::Status status(code, absl::string_view(message.data(), message.size()));
  status.SetPayload(kPayloadUrl, absl::Cord(Encode(details)));
  return status;
}

std::optional<ErrorDetails> GetErrorDetails(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload) return std::nullopt;
  return Decode(std::string(*payload));
}

bool HasReason(const absl::Status& status, Reason reason) {
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  return details && details->reason == reason;
}

absl::Status InvalidField(std::string_view field, std::string_view description, Reason reason) {
  std::string message = std::string(field) + ": " + std::string(description);
  return MakeError(
      absl::StatusCode::kInvalidArgument, message,
      {.reason = reason,
       .metadata = {{"field", std::string(field)}},
       .violations = {{.field = std::string(field), .description = std::string(description)}}});
}

absl::Status InternalError(std::string_view message) {
  return MakeError(absl::StatusCode::kInternal, message, {.reason = Reason::kInternal});
}

}  // namespace gatehouse::base
