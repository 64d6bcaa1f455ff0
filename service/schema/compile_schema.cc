#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "service/common/json.h"
#include "service/schema/compiled_schema.h"
#include "service/schema/json_schema.h"

namespace gatehouse::service::schema_internal {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

// Limits on counts and lengths are whole numbers that a double has exactly.
constexpr double kMaxCount = 1e9;
// Memory of a node and of what it is made of, for each byte of the schema's text.
constexpr size_t kWeightPerByte = 16;

// Keywords that say something about a schema and nothing about what fits it.
constexpr std::string_view kAnnotations[] = {
    "$comment", "contentEncoding", "contentMediaType", "default", "description",
    "examples", "format",          "readOnly",         "title",   "writeOnly",
};

bool IsAnnotation(std::string_view keyword) {
  return std::ranges::find(kAnnotations, keyword) != std::end(kAnnotations) ||
         keyword.starts_with("x-");
}

// Nodes are made as they are met, those that a $ref names at the end: a schema may be within
// itself. A place of the document becomes one node, however often it is named.
class Compiler {
 public:
  Compiler(std::string_view field, const Struct& schema) : field_(field) {
    *document_.mutable_struct_value() = schema;
  }

  absl::StatusOr<std::unique_ptr<const CompiledSchema>> Compile(size_t bytes) {
    GH_RETURN_IF_ERROR(CheckRoot(document_.struct_value()));
    GH_ASSIGN_OR_RETURN(compiled_->root, NodeOf(document_, field_));
    for (size_t i = 0; i < references_.size(); ++i) {
      // Another one may be added meanwhile.
      const Reference reference = references_[i];
      const Value* target = Find(document_, std::string_view(reference.pointer).substr(1));
      if (target == nullptr)
        return Wrong(reference.path, "names a place that is not in this schema");
      GH_ASSIGN_OR_RETURN(reference.from->ref,
                          NodeOf(*target, field_ + std::string(reference.pointer.substr(1))));
    }
    for (const Reference& reference : references_) GH_RETURN_IF_ERROR(CheckEnds(reference));
    compiled_->weight =
        bytes * kWeightPerByte + static_cast<size_t>(patterns_) * JsonSchema::kMaxPatternBytes;
    return std::unique_ptr<const CompiledSchema>(std::move(compiled_));
  }

 private:
  struct Reference {
    Node* from;
    // "#/definitions/order"
    std::string pointer;
    std::string path;
  };

  // What may stand in the outermost schema alone.
  absl::Status CheckRoot(const Struct& schema) {
    const auto dialect = schema.fields().find("$schema");
    if (dialect == schema.fields().end()) return absl::OkStatus();
    std::string_view uri = dialect->second.string_value();
    if (uri.ends_with('#')) uri.remove_suffix(1);
    if (uri == "http://json-schema.org/draft-07/schema" ||
        uri == "https://json-schema.org/draft-07/schema") {
      return absl::OkStatus();
    }
    return Wrong(field_ + ".$schema", "must be \"http://json-schema.org/draft-07/schema#\"");
  }

  absl::StatusOr<const Node*> NodeOf(const Value& at, const std::string& path) {
    const auto [known, added] = nodes_.try_emplace(&at, nullptr);
    if (!added) return known->second;
    auto owned = std::make_unique<Node>();
    Node& node = *owned;
    known->second = &node;
    compiled_->nodes.push_back(std::move(owned));
    if (at.kind_case() == Value::kBoolValue) {
      node.nothing = !at.bool_value();
      return &node;
    }
    if (at.kind_case() != Value::kStructValue) {
      return Wrong(path, "must be a schema: an object, true or false");
    }
    // In the order of names, so that of several mistakes the same one is named each time.
    std::map<std::string_view, const Value*> keywords;
    for (const auto& [name, value] : at.struct_value().fields()) keywords[name] = &value;
    const bool is_reference = keywords.contains("$ref");
    for (const auto& [keyword, value] : keywords) {
      std::string below = path;
      AppendMember(below, keyword);
      if (is_reference && keyword != "$ref" && keyword != "definitions" && !IsAnnotation(keyword)) {
        return Wrong(below, "stands beside $ref, where draft 7 looks at nothing else");
      }
      GH_RETURN_IF_ERROR(Take(keyword, *value, below, node));
    }
    return AfterKeywords(at.struct_value(), path, node);
  }

  // Rules that mean nothing without others.
  absl::StatusOr<const Node*> AfterKeywords(const Struct& schema, const std::string& path,
                                            Node& node) {
    // An array of schemas has no rule for the items after its last, unless it is given.
    const auto additional = schema.fields().find("additionalItems");
    if (additional != schema.fields().end()) {
      GH_ASSIGN_OR_RETURN(const Node* rest, NodeOf(additional->second, path + ".additionalItems"));
      const auto items = schema.fields().find("items");
      if (items != schema.fields().end() && items->second.has_list_value()) node.items = rest;
    }
    return &node;
  }

  absl::Status Take(std::string_view keyword, const Value& value, const std::string& path,
                    Node& node) {
    using Taker = absl::Status (Compiler::*)(const Value&, const std::string&, Node&);
    static const auto& takers = *new std::map<std::string_view, Taker>{
        {"$id", &Compiler::TakeId},
        {"$ref", &Compiler::TakeRef},
        {"$schema", &Compiler::TakeOfRoot},
        {"additionalItems", &Compiler::TakeLater},
        {"additionalProperties", &Compiler::TakeSchema<&Node::additional_properties>},
        {"allOf", &Compiler::TakeSchemas<&Node::all_of>},
        {"anyOf", &Compiler::TakeSchemas<&Node::any_of>},
        {"const", &Compiler::TakeConst},
        {"contains", &Compiler::TakeSchema<&Node::contains>},
        {"definitions", &Compiler::TakeDefinitions},
        {"dependencies", &Compiler::TakeDependencies},
        {"else", &Compiler::TakeSchema<&Node::else_of>},
        {"enum", &Compiler::TakeEnum},
        {"exclusiveMaximum", &Compiler::TakeNumber<&Node::exclusive_maximum>},
        {"exclusiveMinimum", &Compiler::TakeNumber<&Node::exclusive_minimum>},
        {"if", &Compiler::TakeSchema<&Node::if_of>},
        {"items", &Compiler::TakeItems},
        {"maxItems", &Compiler::TakeCount<&Node::max_items>},
        {"maxLength", &Compiler::TakeCount<&Node::max_length>},
        {"maxProperties", &Compiler::TakeCount<&Node::max_properties>},
        {"maximum", &Compiler::TakeNumber<&Node::maximum>},
        {"minItems", &Compiler::TakeCount<&Node::min_items>},
        {"minLength", &Compiler::TakeCount<&Node::min_length>},
        {"minProperties", &Compiler::TakeCount<&Node::min_properties>},
        {"minimum", &Compiler::TakeNumber<&Node::minimum>},
        {"multipleOf", &Compiler::TakeMultipleOf},
        {"not", &Compiler::TakeSchema<&Node::not_of>},
        {"oneOf", &Compiler::TakeSchemas<&Node::one_of>},
        {"pattern", &Compiler::TakePattern},
        {"patternProperties", &Compiler::TakePatternProperties},
        {"properties", &Compiler::TakeProperties},
        {"propertyNames", &Compiler::TakeSchema<&Node::property_names>},
        {"required", &Compiler::TakeRequired},
        {"then", &Compiler::TakeSchema<&Node::then_of>},
        {"type", &Compiler::TakeType},
        {"uniqueItems", &Compiler::TakeUniqueItems},
    };
    const auto taker = takers.find(keyword);
    if (taker != takers.end()) return (this->*taker->second)(value, path, node);
    if (IsAnnotation(keyword)) return absl::OkStatus();
    return Wrong(path, "is no keyword of JSON Schema draft 7; names of your own begin with \"x-\"");
  }

  absl::Status TakeOfRoot(const Value&, const std::string& path, Node&) {
    if (compiled_->nodes.size() == 1) return absl::OkStatus();
    return Wrong(path, "may stand in the outermost schema alone");
  }
  // It only names the schema: what a $ref means does not depend on it.
  absl::Status TakeId(const Value& value, const std::string& path, Node& node) {
    return TakeOfRoot(value, path, node);
  }
  // In AfterKeywords.
  absl::Status TakeLater(const Value&, const std::string&, Node&) { return absl::OkStatus(); }

  absl::Status TakeRef(const Value& value, const std::string& path, Node& node) {
    const std::string& pointer = value.string_value();
    if (pointer != "#" && !pointer.starts_with("#/")) {
      return Wrong(path,
                   "must name a place in this schema, such as \"#/definitions/order\": nothing is "
                   "fetched");
    }
    references_.push_back({.from = &node, .pointer = pointer, .path = path});
    return absl::OkStatus();
  }

  absl::Status TakeType(const Value& value, const std::string& path, Node& node) {
    const auto take = [&](const Value& name) {
      for (const TypeName& type : kTypeNames) {
        if (name.string_value() == type.name) {
          node.types |= type.bit;
          return true;
        }
      }
      return false;
    };
    bool good = value.has_list_value() && value.list_value().values_size() > 0;
    for (const Value& name : value.list_value().values()) good = good && take(name);
    if (value.has_string_value()) good = take(value);
    if (good) return absl::OkStatus();
    return Wrong(path,
                 "must be null, boolean, object, array, number, integer or string, or an array of "
                 "these");
  }

  static void AddValue(const Value& value, Node& node) {
    node.has_values = true;
    node.values.emplace(HashOf(value), value);
  }
  absl::Status TakeEnum(const Value& value, const std::string& path, Node& node) {
    if (value.list_value().values_size() == 0) return Wrong(path, "must be an array of values");
    if (node.has_values) return Wrong(path, "stands beside const");
    for (const Value& one : value.list_value().values()) AddValue(one, node);
    return absl::OkStatus();
  }
  absl::Status TakeConst(const Value& value, const std::string&, Node& node) {
    AddValue(value, node);
    return absl::OkStatus();
  }

  template <std::optional<double> Node::* kMember>
  absl::Status TakeNumber(const Value& value, const std::string& path, Node& node) {
    if (!value.has_number_value()) return Wrong(path, "must be a number");
    node.*kMember = value.number_value();
    return absl::OkStatus();
  }
  absl::Status TakeMultipleOf(const Value& value, const std::string& path, Node& node) {
    if (!value.has_number_value() || value.number_value() <= 0) {
      return Wrong(path, "must be a number above 0");
    }
    node.multiple_of = value.number_value();
    return absl::OkStatus();
  }
  template <std::optional<int64_t> Node::* kMember>
  absl::Status TakeCount(const Value& value, const std::string& path, Node& node) {
    const double count = value.number_value();
    if (!value.has_number_value() || count < 0 || count > kMaxCount || count != std::floor(count)) {
      return Wrong(path, "must be a whole number from 0 to 1,000,000,000");
    }
    node.*kMember = static_cast<int64_t>(count);
    return absl::OkStatus();
  }
  absl::Status TakeUniqueItems(const Value& value, const std::string& path, Node& node) {
    if (!value.has_bool_value()) return Wrong(path, "must be true or false");
    node.unique_items = value.bool_value();
    return absl::OkStatus();
  }

  template <const Node* Node::* kMember>
  absl::Status TakeSchema(const Value& value, const std::string& path, Node& node) {
    GH_ASSIGN_OR_RETURN(node.*kMember, NodeOf(value, path));
    return absl::OkStatus();
  }
  template <std::vector<const Node*> Node::* kMember>
  absl::Status TakeSchemas(const Value& value, const std::string& path, Node& node) {
    if (value.list_value().values_size() == 0) return Wrong(path, "must be an array of schemas");
    int i = 0;
    for (const Value& one : value.list_value().values()) {
      GH_ASSIGN_OR_RETURN(const Node* schema, NodeOf(one, path + Index(i++)));
      (node.*kMember).push_back(schema);
    }
    return absl::OkStatus();
  }
  absl::Status TakeItems(const Value& value, const std::string& path, Node& node) {
    if (!value.has_list_value()) return TakeSchema<&Node::items>(value, path, node);
    return TakeSchemas<&Node::tuple>(value, path, node);
  }

  // fn(name, value, path) of each member.
  template <typename Fn>
  absl::Status ForMembers(const Value& value, const std::string& path, Fn fn) {
    if (!value.has_struct_value()) return Wrong(path, "must be an object");
    std::map<std::string_view, const Value*> members;
    for (const auto& [name, member] : value.struct_value().fields()) members[name] = &member;
    for (const auto& [name, member] : members) {
      std::string below = path;
      AppendMember(below, name);
      GH_RETURN_IF_ERROR(fn(std::string(name), *member, below));
    }
    return absl::OkStatus();
  }
  absl::Status TakeDefinitions(const Value& value, const std::string& path, Node&) {
    return ForMembers(value, path,
                      [this](const std::string&, const Value& schema, const std::string& below) {
                        return NodeOf(schema, below).status();
                      });
  }
  absl::Status TakeProperties(const Value& value, const std::string& path, Node& node) {
    return ForMembers(value, path,
                      [&](const std::string& name, const Value& schema,
                          const std::string& below) -> absl::Status {
                        GH_ASSIGN_OR_RETURN(node.properties[name], NodeOf(schema, below));
                        return absl::OkStatus();
                      });
  }
  absl::Status TakePatternProperties(const Value& value, const std::string& path, Node& node) {
    return ForMembers(value, path,
                      [&](const std::string& pattern, const Value& schema,
                          const std::string& below) -> absl::Status {
                        GH_ASSIGN_OR_RETURN(auto compiled, Pattern(pattern, below));
                        GH_ASSIGN_OR_RETURN(const Node* of, NodeOf(schema, below));
                        node.pattern_properties.emplace_back(std::move(compiled), of);
                        return absl::OkStatus();
                      });
  }
  absl::Status TakeDependencies(const Value& value, const std::string& path, Node& node) {
    return ForMembers(
        value, path,
        [&](const std::string& name, const Value& on, const std::string& below) -> absl::Status {
          Dependency& dependency = node.dependencies[name];
          if (on.has_list_value()) return TakeNames(on, below, dependency.required);
          GH_ASSIGN_OR_RETURN(dependency.schema, NodeOf(on, below));
          return absl::OkStatus();
        });
  }
  absl::Status TakeRequired(const Value& value, const std::string& path, Node& node) {
    return TakeNames(value, path, node.required);
  }
  absl::Status TakeNames(const Value& value, const std::string& path,
                         std::vector<std::string>& names) {
    bool good = value.has_list_value();
    std::set<std::string_view> seen;
    for (const Value& name : value.list_value().values()) {
      good = good && name.has_string_value() && seen.insert(name.string_value()).second;
      names.push_back(name.string_value());
    }
    return good ? absl::OkStatus() : Wrong(path, "must be an array of different names");
  }

  absl::Status TakePattern(const Value& value, const std::string& path, Node& node) {
    if (!value.has_string_value()) return Wrong(path, "must be a regular expression");
    GH_ASSIGN_OR_RETURN(node.pattern, Pattern(value.string_value(), path));
    return absl::OkStatus();
  }
  // RE2 matches in time that is linear in the text, whatever the expression.
  absl::StatusOr<std::unique_ptr<const RE2>> Pattern(const std::string& text,
                                                     const std::string& path) {
    if (text.size() > JsonSchema::kMaxPatternLength) {
      return Wrong(path, "is a regular expression of more than 512 bytes");
    }
    if (++patterns_ > JsonSchema::kMaxPatterns) {
      return Wrong(path, "is one regular expression more than the 32 that a schema may have");
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(JsonSchema::kMaxPatternBytes);
    auto pattern = std::make_unique<const RE2>(text, options);
    if (pattern->ok()) return pattern;
    return Wrong(path,
                 "is no regular expression that RE2 takes (no look-around, no "
                 "back-references; bounded in size): " +
                     pattern->error());
  }

  // References that lead from one to the other for ever would never say anything.
  absl::Status CheckEnds(const Reference& reference) {
    const Node* at = reference.from;
    for (size_t i = 0; i <= references_.size(); ++i) {
      if (at->ref == nullptr) return absl::OkStatus();
      at = at->ref;
    }
    return Wrong(reference.path, "leads back to itself");
  }

  static std::string Index(int i) { return "[" + std::to_string(i) + "]"; }
  static absl::Status Wrong(const std::string& path, std::string_view what) {
    return base::InvalidField(Shorten(path), what);
  }

  const std::string field_;
  Value document_;
  std::unique_ptr<CompiledSchema> compiled_ = std::make_unique<CompiledSchema>();
  std::map<const Value*, Node*> nodes_;
  std::vector<Reference> references_;
  int patterns_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<const CompiledSchema>> CompileSchema(std::string_view field,
                                                                    const Struct& schema) {
  GH_ASSIGN_OR_RETURN(const std::string text,
                      JsonFromStruct(field, schema, {.max_bytes = JsonSchema::kMaxBytes}));
  return Compiler(field, schema).Compile(text.size());
}

}  // namespace gatehouse::service::schema_internal
