#include "rpc/status_mapping.h"

#include <chrono>

#include "base/status.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace gatehouse::rpc {
namespace {

using base::ErrorDetails;
using base::Reason;

constexpr char kDomain[] = "gatehouse";

// Message and details travel twice (grpc-message and the details), the details
// in base 64: together these stay near 2 KiB, a quarter of what clients accept
// by default for all trailers.
constexpr size_t kMaxMessageBytes = 400;
constexpr size_t kMaxDetailsBytes = 1024;

// An error from a library, or from our own code where no caller can act on more.
Reason DefaultReason(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kCancelled:
      return Reason::kCancelled;
    case absl::StatusCode::kInvalidArgument:
      return Reason::kInvalidField;
    case absl::StatusCode::kDeadlineExceeded:
      return Reason::kDeadline;
    case absl::StatusCode::kPermissionDenied:
      return Reason::kPermissionDenied;
    case absl::StatusCode::kResourceExhausted:
      return Reason::kServerOverloaded;
    case absl::StatusCode::kFailedPrecondition:
      return Reason::kConstraintViolated;
    case absl::StatusCode::kAborted:
      return Reason::kConflict;
    case absl::StatusCode::kOutOfRange:
      return Reason::kIndexOutOfRange;
    case absl::StatusCode::kUnimplemented:
      return Reason::kMethodNotFound;
    case absl::StatusCode::kUnavailable:
      return Reason::kDatabaseUnavailable;
    case absl::StatusCode::kUnauthenticated:
      return Reason::kUnauthenticated;
    default:
      return Reason::kInternal;
  }
}

// Cuts to `limit` bytes without splitting a UTF-8 character, which would make
// the message unserialisable.
std::string Cut(std::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

google::protobuf::Duration ToProto(std::chrono::milliseconds delay) {
  google::protobuf::Duration proto;
  proto.set_seconds(delay.count() / 1000);
  proto.set_nanos(static_cast<int32_t>(delay.count() % 1000) * 1'000'000);
  return proto;
}

// Adds a detail if it still fits.
void Pack(const google::protobuf::Message& detail, google::rpc::Status& status) {
  if (status.ByteSizeLong() + detail.ByteSizeLong() <= kMaxMessageBytes + kMaxDetailsBytes) {
    status.add_details()->PackFrom(detail);
  }
}

google::rpc::ErrorInfo MakeErrorInfo(const ErrorDetails& details) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(base::ReasonName(details.reason)));
  info.set_domain(kDomain);
  for (const auto& [key, value] : details.metadata) {
    (*info.mutable_metadata())[key] = Cut(value, kMaxDetailsBytes / 4);
    if (info.ByteSizeLong() > kMaxDetailsBytes / 2) {
      info.mutable_metadata()->erase(key);
      break;
    }
  }
  return info;
}

google::rpc::BadRequest MakeBadRequest(const ErrorDetails& details) {
  google::rpc::BadRequest bad_request;
  for (const base::FieldViolation& violation : details.violations) {
    google::rpc::BadRequest::FieldViolation* added = bad_request.add_field_violations();
    added->set_field(Cut(violation.field, kMaxDetailsBytes / 8));
    added->set_description(Cut(violation.description, kMaxDetailsBytes / 4));
    if (bad_request.ByteSizeLong() > kMaxDetailsBytes / 2) {
      // A client learns of the others once it has mended these.
      bad_request.mutable_field_violations()->RemoveLast();
      break;
    }
  }
  return bad_request;
}

// What does not hold yet: the violations of an error about no field of the request.
google::rpc::PreconditionFailure MakePreconditionFailure(const ErrorDetails& details) {
  google::rpc::PreconditionFailure failure;
  for (const base::FieldViolation& violation : details.violations) {
    google::rpc::PreconditionFailure::Violation* added = failure.add_violations();
    added->set_type(std::string(base::ReasonName(details.reason)));
    added->set_subject(Cut(violation.field, kMaxDetailsBytes / 8));
    added->set_description(Cut(violation.description, kMaxDetailsBytes / 4));
    if (failure.ByteSizeLong() > kMaxDetailsBytes / 2) {
      failure.mutable_violations()->RemoveLast();
      break;
    }
  }
  return failure;
}

void PackAll(const ErrorDetails& details, google::rpc::Status& status) {
  Pack(MakeErrorInfo(details), status);
  if (details.retry_after) {
    google::rpc::RetryInfo retry;
    *retry.mutable_retry_delay() = ToProto(*details.retry_after);
    Pack(retry, status);
  }
  if (!details.quota.empty()) {
    google::rpc::QuotaFailure failure;
    google::rpc::QuotaFailure::Violation* violation = failure.add_violations();
    violation->set_subject(details.quota);
    violation->set_description(status.message());
    Pack(failure, status);
  }
  if (details.violations.empty()) return;
  if (status.code() == static_cast<int>(absl::StatusCode::kFailedPrecondition)) {
    Pack(MakePreconditionFailure(details), status);
  } else {
    Pack(MakeBadRequest(details), status);
  }
}

}  // namespace

bool IsServerFault(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      // gRPC's own words for what clients do wrong with its protocol.
      return !base::HasReason(status, Reason::kProtocolViolation);
    case absl::StatusCode::kDataLoss:
      return true;
    default:
      return false;
  }
}

WireStatus ToWireStatus(const absl::Status& status, std::string_view error_id) {
  if (status.ok()) return {};
  ErrorDetails details =
      base::GetErrorDetails(status).value_or(ErrorDetails{.reason = DefaultReason(status.code())});
  std::string message(status.message().data(), status.message().size());
  auto code = static_cast<int>(status.code());
  if (IsServerFault(status)) {
    code = static_cast<int>(absl::StatusCode::kInternal);
    message = "internal error; the server's log has the cause under id " + std::string(error_id);
    details = {.reason = Reason::kInternal, .metadata = {{"error_id", std::string(error_id)}}};
  }
  google::rpc::Status proto;
  proto.set_code(code);
  proto.set_message(Cut(message, kMaxMessageBytes));
  PackAll(details, proto);
  return {.code = code, .message = proto.message(), .details = proto.SerializeAsString()};
}

}  // namespace gatehouse::rpc
