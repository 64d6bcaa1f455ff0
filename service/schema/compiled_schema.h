#ifndef GATEHOUSE_SERVICE_SCHEMA_COMPILED_SCHEMA_H_
#define GATEHOUSE_SERVICE_SCHEMA_COMPILED_SCHEMA_H_

#include <re2/re2.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/struct.pb.h"

namespace gatehouse::service::schema_internal {

// Bits of the types that a value may be of.
enum TypeBit : uint8_t {
  kNull = 1,
  kBoolean = 2,
  kNumber = 4,
  kInteger = 8,
  kString = 16,
  kArray = 32,
  kObject = 64,
};
struct TypeName {
  const char* name;
  TypeBit bit;
  // As errors say it.
  const char* phrase;
};
inline constexpr TypeName kTypeNames[] = {
    {"null", kNull, "null"},          {"boolean", kBoolean, "a boolean"},
    {"number", kNumber, "a number"},  {"integer", kInteger, "an integer"},
    {"string", kString, "a string"},  {"array", kArray, "an array"},
    {"object", kObject, "an object"},
};

struct Node;

// What depends on a property being there.
struct Dependency {
  std::vector<std::string> required;
  const Node* schema = nullptr;
};

// A schema, or one within it. Null and empty: no such rule.
struct Node {
  // `false`: nothing fits.
  bool nothing = false;
  // Everything else is this one's.
  const Node* ref = nullptr;

  // 0: any.
  uint8_t types = 0;
  // Of `enum` or `const`, by their hash.
  bool has_values = false;
  std::unordered_multimap<size_t, google::protobuf::Value> values;

  std::optional<double> multiple_of, minimum, maximum, exclusive_minimum, exclusive_maximum;

  std::optional<int64_t> min_length, max_length;
  std::unique_ptr<const RE2> pattern;

  // Of the first items one by one, then of the others.
  std::vector<const Node*> tuple;
  const Node* items = nullptr;
  const Node* contains = nullptr;
  std::optional<int64_t> min_items, max_items;
  bool unique_items = false;

  std::map<std::string, const Node*, std::less<>> properties;
  std::vector<std::pair<std::unique_ptr<const RE2>, const Node*>> pattern_properties;
  const Node* additional_properties = nullptr;
  const Node* property_names = nullptr;
  std::vector<std::string> required;
  std::map<std::string, Dependency, std::less<>> dependencies;
  std::optional<int64_t> min_properties, max_properties;

  std::vector<const Node*> all_of, any_of, one_of;
  const Node* not_of = nullptr;
  const Node* if_of = nullptr;
  const Node* then_of = nullptr;
  const Node* else_of = nullptr;
};

struct CompiledSchema {
  const Node* root = nullptr;
  std::vector<std::unique_ptr<const Node>> nodes;
  size_t weight = 0;
};

// See JsonSchema::Compile.
absl::StatusOr<std::unique_ptr<const CompiledSchema>> CompileSchema(
    std::string_view field, const google::protobuf::Struct& schema);

// Of values that are equal: the same. Of objects whatever the order of their members.
size_t HashOf(const google::protobuf::Value& value);
bool AreEqual(const google::protobuf::Value& a, const google::protobuf::Value& b);
// How many values it is made of, itself included, and a part of its text.
int SizeOf(const google::protobuf::Value& value);

// What a JSON pointer (RFC 6901) names in `document`; null if nothing does. As it stands in the
// fragment of a URI: "/definitions/order", "" for the whole.
const google::protobuf::Value* Find(const google::protobuf::Value& document,
                                    std::string_view pointer);

// A member of what `path` names: "data.order", `data["a b"]`.
void AppendMember(std::string& path, std::string_view name);
// At most so much of it as an error may hold.
std::string Shorten(std::string path);

}  // namespace gatehouse::service::schema_internal

#endif  // GATEHOUSE_SERVICE_SCHEMA_COMPILED_SCHEMA_H_
