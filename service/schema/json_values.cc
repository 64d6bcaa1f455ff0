// What JSON values are made of, and how places in them are named.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/hash/hash.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "base/text/encoding.h"
#include "service/schema/compiled_schema.h"

namespace gatehouse::service::schema_internal {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;

// Fields of errors travel in trailers: rpc/status_mapping.cc cuts what is longer than 128 bytes.
constexpr size_t kMaxPathBytes = 120;
// Bytes of text that take as long as one value.
constexpr size_t kTextStep = 64;

int TextSteps(const std::string& text) { return static_cast<int>(text.size() / kTextStep); }

bool AreEqual(const Struct& a, const Struct& b) {
  if (a.fields().size() != b.fields().size()) return false;
  for (const auto& [name, member] : a.fields()) {
    const auto other = b.fields().find(name);
    if (other == b.fields().end() || !schema_internal::AreEqual(member, other->second))
      return false;
  }
  return true;
}

bool AreEqual(const ListValue& a, const ListValue& b) {
  if (a.values_size() != b.values_size()) return false;
  for (int i = 0; i < a.values_size(); ++i) {
    if (!schema_internal::AreEqual(a.values(i), b.values(i))) return false;
  }
  return true;
}

// Null if there is no such member or item.
const Value* Below(const Value& at, const std::string& token) {
  if (at.has_struct_value()) {
    const auto member = at.struct_value().fields().find(token);
    return member == at.struct_value().fields().end() ? nullptr : &member->second;
  }
  int index = -1;
  const char* end = token.data() + token.size();
  if (std::from_chars(token.data(), end, index).ptr != end) return nullptr;
  if (index < 0 || index >= at.list_value().values_size()) return nullptr;
  return &at.list_value().values(index);
}

// A token of a pointer: of a URI's fragment first, then of the pointer itself.
std::string Unescape(std::string_view token) {
  std::string decoded;
  for (size_t i = 0; i < token.size(); ++i) {
    std::optional<std::string> byte;
    if (token[i] == '%' && i + 2 < token.size()) byte = base::HexDecode(token.substr(i + 1, 2));
    decoded += byte.value_or(std::string(1, token[i]));
    if (byte) i += 2;
  }
  return absl::StrReplaceAll(decoded, {{"~1", "/"}, {"~0", "~"}});
}

}  // namespace

size_t HashOf(const Value& value) {
  switch (value.kind_case()) {
    case Value::kNumberValue:
      // 0 and -0 are equal.
      return absl::HashOf(1, value.number_value() + 0.0);
    case Value::kStringValue:
      return absl::HashOf(2, value.string_value());
    case Value::kBoolValue:
      return absl::HashOf(3, value.bool_value());
    case Value::kStructValue: {
      size_t sum = 4;
      for (const auto& [name, member] : value.struct_value().fields()) {
        sum += absl::HashOf(name, HashOf(member));
      }
      return sum;
    }
    case Value::kListValue: {
      size_t hash = 5;
      for (const Value& item : value.list_value().values()) {
        hash = absl::HashOf(hash, HashOf(item));
      }
      return hash;
    }
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      break;
  }
  return 0;
}

bool AreEqual(const Value& a, const Value& b) {
  if (a.kind_case() != b.kind_case()) return false;
  switch (a.kind_case()) {
    case Value::kNumberValue:
      return a.number_value() == b.number_value();
    case Value::kStringValue:
      return a.string_value() == b.string_value();
    case Value::kBoolValue:
      return a.bool_value() == b.bool_value();
    case Value::kStructValue:
      return AreEqual(a.struct_value(), b.struct_value());
    case Value::kListValue:
      return AreEqual(a.list_value(), b.list_value());
    case Value::kNullValue:
    case Value::KIND_NOT_SET:
      break;
  }
  return true;
}

int SizeOf(const Value& value) {
  int size = 1;
  switch (value.kind_case()) {
    case Value::kStringValue:
      size += TextSteps(value.string_value());
      break;
    case Value::kStructValue:
      for (const auto& [name, member] : value.struct_value().fields()) {
        size += TextSteps(name) + SizeOf(member);
      }
      break;
    case Value::kListValue:
      for (const Value& item : value.list_value().values()) size += SizeOf(item);
      break;
    default:
      break;
  }
  return size;
}

const Value* Find(const Value& document, std::string_view pointer) {
  const Value* at = &document;
  while (at != nullptr && !pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    at = Below(*at, Unescape(pointer.substr(0, end)));
    pointer.remove_prefix(end);
  }
  return at;
}

void AppendMember(std::string& path, std::string_view name) {
  const bool plain = !name.empty() && std::ranges::all_of(name, [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '$';
  });
  if (plain) {
    path += '.';
    path += name;
  } else {
    path += '[';
    base::AppendJsonString(name, path);
    path += ']';
  }
}

std::string Shorten(std::string path) {
  if (path.size() <= kMaxPathBytes) return path;
  size_t end = kMaxPathBytes;
  // Not within a character.
  while (end > 0 && (static_cast<unsigned char>(path[end]) & 0xc0) == 0x80) --end;
  path.resize(end);
  return path + "...";
}

}  // namespace gatehouse::service::schema_internal
