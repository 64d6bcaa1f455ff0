#ifndef GATEHOUSE_SERVICE_SCHEMA_JSON_VIEW_H_
#define GATEHOUSE_SERVICE_SCHEMA_JSON_VIEW_H_

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>

#include "google/protobuf/struct.pb.h"
#include "service/schema/compiled_schema.h"

namespace gatehouse::service::schema_internal {

// What a schema looks at: a value of the data, or all of them.
struct View {
  explicit View(const google::protobuf::Struct& all) : object(&all) {}
  explicit View(const google::protobuf::Value& of)
      : value(&of),
        object(of.has_struct_value() ? &of.struct_value() : nullptr),
        list(of.has_list_value() ? &of.list_value() : nullptr),
        text(of.has_string_value() ? &of.string_value() : nullptr) {}

  uint8_t types() const {
    if (object != nullptr) return kObject;
    if (list != nullptr) return kArray;
    if (text != nullptr) return kString;
    if (value->has_bool_value()) return kBoolean;
    if (!value->has_number_value()) return kNull;
    const bool whole = value->number_value() == std::floor(value->number_value());
    return kNumber | (whole ? kInteger : 0);
  }

  // Null for all of the data.
  const google::protobuf::Value* value = nullptr;
  const google::protobuf::Struct* object = nullptr;
  const google::protobuf::ListValue* list = nullptr;
  const std::string* text = nullptr;
};

// "a string or null"
inline std::string PhraseOf(uint8_t types) {
  std::string phrase;
  for (const TypeName& type : kTypeNames) {
    if ((types & type.bit) == 0) continue;
    if (!phrase.empty()) phrase += " or ";
    phrase += type.phrase;
  }
  return phrase;
}

inline std::string Number(double number) {
  char buffer[32];
  return std::string(std::begin(buffer),
                     std::to_chars(std::begin(buffer), std::end(buffer), number).ptr);
}

inline int64_t CharactersOf(const std::string& text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

// Anywhere in the text.
inline bool Matches(const RE2& pattern, const std::string& text) {
  return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

}  // namespace gatehouse::service::schema_internal

#endif  // GATEHOUSE_SERVICE_SCHEMA_JSON_VIEW_H_
