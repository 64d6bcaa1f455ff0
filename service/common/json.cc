#include "service/common/json.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/text/encoding.h"

namespace gatehouse::service {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

class Writer {
 public:
  Writer(std::string_view field, const JsonLimits& limits) : field_(field), limits_(limits) {}

  absl::Status Write(const Struct& value, int depth) {
    if (depth > limits_.max_depth) {
      return base::InvalidField(
          field_, "is nested more than " + std::to_string(limits_.max_depth) + " levels deep");
    }
    // Protobuf's maps come in random order.
    std::vector<std::pair<std::string_view, const Value*>> sorted;
    for (const auto& [name, member] : value.fields()) sorted.emplace_back(name, &member);
    std::ranges::sort(sorted, {}, [](const auto& member) { return member.first; });
    text_ += '{';
    for (size_t i = 0; i < sorted.size(); ++i) {
      if (i > 0) text_ += ',';
      GH_RETURN_IF_ERROR(WriteString(sorted[i].first));
      text_ += ':';
      GH_RETURN_IF_ERROR(Write(*sorted[i].second, depth));
    }
    text_ += '}';
    return CheckSize();
  }

  // Within `depth` objects and arrays.
  absl::Status Write(const Value& value, int depth) {
    switch (value.kind_case()) {
      case Value::kNullValue:
        text_ += "null";
        return absl::OkStatus();
      case Value::kNumberValue:
        return WriteNumber(value.number_value());
      case Value::kStringValue:
        return WriteString(value.string_value());
      case Value::kBoolValue:
        text_ += value.bool_value() ? "true" : "false";
        return absl::OkStatus();
      case Value::kStructValue:
        return Write(value.struct_value(), depth + 1);
      case Value::kListValue:
        return WriteList(value.list_value(), depth + 1);
      case Value::KIND_NOT_SET:
        return base::InvalidField(field_, "holds a value without a kind");
    }
    return base::InvalidField(field_, "holds a value of an unknown kind");
  }

  std::string Take() { return std::move(text_); }

 private:
  absl::Status WriteList(const google::protobuf::ListValue& list, int depth) {
    if (depth > limits_.max_depth) {
      return base::InvalidField(
          field_, "is nested more than " + std::to_string(limits_.max_depth) + " levels deep");
    }
    text_ += '[';
    for (int i = 0; i < list.values_size(); ++i) {
      if (i > 0) text_ += ',';
      GH_RETURN_IF_ERROR(Write(list.values(i), depth));
    }
    text_ += ']';
    return CheckSize();
  }

  absl::Status WriteNumber(double number) {
    if (!std::isfinite(number)) {
      return base::InvalidField(field_, "holds NaN or an infinity, which JSON does not have");
    }
    char buffer[32];
    const char* end = std::to_chars(std::begin(buffer), std::end(buffer), number).ptr;
    const std::string_view written(buffer, end);
    text_ += written;
    if (const size_t e = written.find('e'); e != std::string_view::npos) {
      // Behind the sign of the power of ten.
      size_t digits = 0;
      std::from_chars(buffer + e + 2, end, digits);
      unwritten_ += digits;
    }
    return absl::OkStatus();
  }

  absl::Status WriteString(std::string_view text) {
    if (!base::IsValidUtf8(text)) {
      return base::InvalidField(field_, "holds a string that is not UTF-8 or has U+0000 in it");
    }
    base::AppendJsonString(text, text_);
    return CheckSize();
  }

  absl::Status CheckSize() {
    if (text_.size() + unwritten_ <= limits_.max_bytes) return absl::OkStatus();
    return base::InvalidField(
        field_, "is larger than " + std::to_string(limits_.max_bytes) + " bytes as JSON",
        base::Reason::kTooLarge);
  }

  const std::string_view field_;
  const JsonLimits limits_;
  std::string text_;
  // What jsonb adds: it keeps 1e300 as 301 digits and gives them all back.
  size_t unwritten_ = 0;
};

absl::Status Parse(std::string_view json, google::protobuf::Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(
      {json.data(), json.size()}, message, google::protobuf::util::JsonParseOptions());
  if (!status.ok()) return base::InternalError("a stored JSON value does not parse");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> JsonFromStruct(std::string_view field, const Struct& value,
                                           const JsonLimits& limits) {
  Writer writer(field, limits);
  GH_RETURN_IF_ERROR(writer.Write(value, 1));
  return writer.Take();
}

absl::StatusOr<std::string> JsonFromValue(std::string_view field, const Value& value,
                                          const JsonLimits& limits) {
  Writer writer(field, limits);
  GH_RETURN_IF_ERROR(writer.Write(value, 0));
  return writer.Take();
}

absl::Status StructFromJson(std::string_view json, Struct* value) { return Parse(json, value); }

absl::Status ValueFromJson(std::string_view json, Value* value) { return Parse(json, value); }

void JsonObject::Name(std::string_view name) {
  if (text_.size() > 1) text_ += ',';
  base::AppendJsonString(name, text_);
  text_ += ':';
}

JsonObject& JsonObject::Add(std::string_view name, std::string_view value) {
  Name(name);
  base::AppendJsonString(value, text_);
  return *this;
}

JsonObject& JsonObject::Add(std::string_view name, std::span<const std::string> values) {
  Name(name);
  text_ += '[';
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text_ += ',';
    base::AppendJsonString(values[i], text_);
  }
  text_ += ']';
  return *this;
}

JsonObject& JsonObject::AddNumber(std::string_view name, int64_t value) {
  Name(name);
  text_ += std::to_string(value);
  return *this;
}

JsonObject& JsonObject::AddBool(std::string_view name, bool value) {
  Name(name);
  text_ += value ? "true" : "false";
  return *this;
}

}  // namespace gatehouse::service
