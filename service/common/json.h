#ifndef GATEHOUSE_SERVICE_COMMON_JSON_H_
#define GATEHOUSE_SERVICE_COMMON_JSON_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace google::protobuf {
class Struct;
class Value;
}  // namespace google::protobuf

namespace gatehouse::service {

struct JsonLimits {
  size_t max_bytes = size_t{16} << 10;
  // Objects and arrays within each other; protobuf's parser stops at 100.
  int max_depth = 32;
};

// `value` as compact JSON text: members sorted by name, so that equal values
// have equal texts; numbers in their shortest exact form.
// INVALID_FIELD about `field` for NaN and infinities (JSON has none), values
// without a kind, strings with U+0000 (jsonb takes none) and nesting that is too
// deep; TOO_LARGE beyond max_bytes, with numbers as long as without a power of ten.
absl::StatusOr<std::string> JsonFromStruct(std::string_view field,
                                           const google::protobuf::Struct& value,
                                           const JsonLimits& limits = {});

// The same of any JSON value.
absl::StatusOr<std::string> JsonFromValue(std::string_view field,
                                          const google::protobuf::Value& value,
                                          const JsonLimits& limits = {});

// For a JSON object of our own, as a jsonb column returns it. INTERNAL for
// anything else.
absl::Status StructFromJson(std::string_view json, google::protobuf::Struct* value);
// The same of any JSON value.
absl::Status ValueFromJson(std::string_view json, google::protobuf::Value* value);

// Builds a flat JSON object, for the details of events.
//
//   JsonObject().Add("fields", fields).Add("reason", "LOGOUT").ToString()
class JsonObject {
 public:
  JsonObject& Add(std::string_view name, std::string_view value);
  JsonObject& Add(std::string_view name, std::span<const std::string> values);
  JsonObject& AddNumber(std::string_view name, int64_t value);
  JsonObject& AddBool(std::string_view name, bool value);
  std::string ToString() const { return text_ + "}"; }

 private:
  void Name(std::string_view name);

  std::string text_ = "{";
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_JSON_H_
