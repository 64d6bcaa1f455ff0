#include "service/common/field_mask.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <memory>
#include <set>

#include "absl/status/status.h"
#include "base/status.h"

namespace gatehouse::service {
namespace {

std::string Join(std::span<const std::string_view> names) {
  std::string joined;
  for (const std::string_view name : names) {
    if (!joined.empty()) joined += ", ";
    joined += name;
  }
  return joined;
}

// Paths come from the caller: a long one is cut, so that the error still fits
// into the response headers.
std::string Shown(const std::string& path) {
  constexpr size_t kMaxShown = 64;
  return path.size() <= kMaxShown ? path : path.substr(0, kMaxShown) + "...";
}

constexpr size_t kMaxViolations = 10;

}  // namespace

absl::StatusOr<std::vector<std::string>> ResolveMask(std::string_view mask_field,
                                                     const google::protobuf::FieldMask& mask,
                                                     std::span<const std::string_view> changeable) {
  if (mask.paths().empty()) {
    return base::InvalidField(mask_field, "must name at least one field, or be \"*\"");
  }
  std::set<std::string_view> named;
  base::ErrorDetails details{.reason = base::Reason::kUnknownField};
  for (const std::string& path : mask.paths()) {
    if (path == "*") {
      named.insert(changeable.begin(), changeable.end());
    } else if (std::ranges::find(changeable, path) != changeable.end()) {
      named.insert(path);
    } else if (details.violations.size() < kMaxViolations) {
      details.violations.push_back(
          {.field = std::string(mask_field),
           .description = "\"" + Shown(path) +
                          "\" does not exist or cannot be changed; fields: " + Join(changeable)});
      details.metadata.emplace_back("path", Shown(path));
    }
  }
  if (!details.violations.empty()) {
    const std::string message =
        std::string(mask_field) + ": " + details.violations.front().description;
    // One key once: the first path, as the message has it.
    details.metadata.resize(1);
    return base::MakeError(absl::StatusCode::kInvalidArgument, message, std::move(details));
  }
  std::vector<std::string> fields;
  for (const std::string_view name : changeable) {
    if (named.contains(name)) fields.emplace_back(name);
  }
  return fields;
}

void CopyFields(const google::protobuf::Message& from, std::span<const std::string> fields,
                google::protobuf::Message& to) {
  // Reflection can copy a whole message but no single field: so drop the rest
  // of a copy, and merge it into what was cleared there.
  std::unique_ptr<google::protobuf::Message> selected(from.New());
  selected->CopyFrom(from);
  const google::protobuf::Descriptor& type = *from.GetDescriptor();
  const google::protobuf::Reflection& reflection = *from.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* field = type.field(i);
    if (std::ranges::find(fields, field->name()) != fields.end()) {
      reflection.ClearField(&to, field);
    } else {
      reflection.ClearField(selected.get(), field);
    }
  }
  to.MergeFrom(*selected);
}

}  // namespace gatehouse::service
