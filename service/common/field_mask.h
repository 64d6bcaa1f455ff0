#ifndef GATEHOUSE_SERVICE_COMMON_FIELD_MASK_H_
#define GATEHOUSE_SERVICE_COMMON_FIELD_MASK_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace google::protobuf {
class FieldMask;
class Message;
}  // namespace google::protobuf

namespace gatehouse::service {

// The fields that `mask` (the request's field `mask_field`) names, each once,
// in the order of `changeable`, which lists the top-level fields of the
// resource that can be changed. "*" means all of these.
//
// INVALID_FIELD for an empty mask; UNKNOWN_FIELD with one violation for each
// path that is no field, lies below a field, or cannot be changed.
absl::StatusOr<std::vector<std::string>> ResolveMask(std::string_view mask_field,
                                                     const google::protobuf::FieldMask& mask,
                                                     std::span<const std::string_view> changeable);

// Makes each of `fields` in `to` what it is in `from`, unset ones included. Both
// are of one type that has the fields.
void CopyFields(const google::protobuf::Message& from, std::span<const std::string> fields,
                google::protobuf::Message& to);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_FIELD_MASK_H_
