#include "service/schema/json_schema.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "base/status.h"
#include "google/protobuf/struct.pb.h"
#include "service/schema/compiled_schema.h"
#include "service/schema/json_view.h"

namespace gatehouse::service {
namespace {

using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;
using schema_internal::CharactersOf;
using schema_internal::Matches;
using schema_internal::Node;
using schema_internal::Number;
using schema_internal::PhraseOf;
using schema_internal::View;

// Schemas within each other, those that a $ref names included: a schema may be within itself, with
// data that never get smaller.
constexpr int kMaxDepth = 256;
// Of the numbers that doubles cannot have exactly: 19.99 is a multiple of 0.01.
constexpr double kMultipleTolerance = 1e-9;
// Characters, times instructions of a regular expression, that take as long as one value.
constexpr int64_t kPatternStep = 16;
constexpr int64_t kTextStep = 64;

// One judgement. Once the steps are used up everything is a misfit, and what was found before does
// not count.
class Judge {
 public:
  explicit Judge(std::string_view root) : root_(root) {}

  std::vector<JsonSchema::Misfit> Check(const Node& schema, const Struct& data) {
    Check(schema, View(data), true);
    if (too_much_) {
      return {{std::string(root_),
               "would take more work to check than is allowed: make the schema "
               "of its type simpler, or the data smaller"}};
    }
    return std::move(misfits_);
  }

 private:
  // Where the data are that are looked at: a member, or an item.
  struct Place {
    std::string_view name;
    int index = -1;
  };

  bool Spend(int64_t steps) {
    steps_ += steps;
    too_much_ = too_much_ || steps_ > JsonSchema::kMaxSteps;
    return !too_much_;
  }

  // `tell`: misfits are named. Else only whether there is one counts.
  bool Check(const Node& schema, View at, bool tell) {
    if (!Spend(1) || depth_ >= kMaxDepth) {
      too_much_ = true;
      return false;
    }
    ++depth_;
    const bool fits = CheckAll(schema, at, tell);
    --depth_;
    return fits;
  }

  bool CheckAll(const Node& schema, View at, bool tell) {
    if (schema.nothing) return Fail(tell, "is not allowed");
    if (schema.ref != nullptr) return Check(*schema.ref, at, tell);
    if (schema.types != 0 && (schema.types & at.types()) == 0) {
      return Fail(tell, "must be " + PhraseOf(schema.types));
    }
    if (schema.has_values && !IsOneOf(schema, at)) {
      return Fail(tell, "must be one of the values that the schema names");
    }
    bool fits = true;
    if (at.object != nullptr) {
      fits = CheckObject(schema, *at.object, tell);
    } else if (at.list != nullptr) {
      fits = CheckList(schema, *at.list, tell);
    } else if (at.text != nullptr) {
      fits = CheckText(schema, *at.text, tell);
    } else if (at.value->has_number_value()) {
      fits = CheckNumber(schema, at.value->number_value(), tell);
    }
    // The misfits of what it is made of say more than those of combinations.
    return fits && CheckCombinations(schema, at, tell);
  }

  bool IsOneOf(const Node& schema, View at) {
    if (at.value == nullptr) {
      Value all;
      *all.mutable_struct_value() = *at.object;
      return IsOneOf(schema, View(all));
    }
    if (!Spend(schema_internal::SizeOf(*at.value))) return false;
    const auto [begin, end] = schema.values.equal_range(schema_internal::HashOf(*at.value));
    return std::any_of(begin, end, [&](const auto& known) {
      return Spend(1) && schema_internal::AreEqual(known.second, *at.value);
    });
  }

  bool CheckNumber(const Node& schema, double number, bool tell) {
    if (schema.minimum && number < *schema.minimum) {
      return Fail(tell, "must be at least " + Number(*schema.minimum));
    }
    if (schema.exclusive_minimum && number <= *schema.exclusive_minimum) {
      return Fail(tell, "must be more than " + Number(*schema.exclusive_minimum));
    }
    if (schema.maximum && number > *schema.maximum) {
      return Fail(tell, "must be at most " + Number(*schema.maximum));
    }
    if (schema.exclusive_maximum && number >= *schema.exclusive_maximum) {
      return Fail(tell, "must be less than " + Number(*schema.exclusive_maximum));
    }
    if (schema.multiple_of) {
      const double times = number / *schema.multiple_of;
      if (std::abs(times - std::round(times)) >
          kMultipleTolerance * std::max(1.0, std::abs(times))) {
        return Fail(tell, "must be a multiple of " + Number(*schema.multiple_of));
      }
    }
    return true;
  }

  bool CheckText(const Node& schema, const std::string& text, bool tell) {
    if (schema.min_length || schema.max_length) {
      Spend(static_cast<int64_t>(text.size()) / kTextStep);
      const int64_t length = CharactersOf(text);
      if (schema.min_length && length < *schema.min_length) {
        return Fail(tell,
                    "must have at least " + std::to_string(*schema.min_length) + " characters");
      }
      if (schema.max_length && length > *schema.max_length) {
        return Fail(tell,
                    "must have at most " + std::to_string(*schema.max_length) + " characters");
      }
    }
    if (!schema.pattern) return true;
    if (!SpendMatch(*schema.pattern, text)) return false;
    return Matches(*schema.pattern, text) ||
           Fail(tell, "must match the pattern of the schema: " + schema.pattern->pattern());
  }
  bool SpendMatch(const RE2& pattern, const std::string& text) {
    return Spend(1 + static_cast<int64_t>(text.size()) * pattern.ProgramSize() / kPatternStep);
  }

  bool CheckList(const Node& schema, const ListValue& list, bool tell) {
    const int size = list.values_size();
    if (schema.min_items && size < *schema.min_items) {
      return Fail(tell, "must have at least " + std::to_string(*schema.min_items) + " items");
    }
    if (schema.max_items && size > *schema.max_items) {
      return Fail(tell, "must have at most " + std::to_string(*schema.max_items) + " items");
    }
    bool fits = true;
    for (int i = 0; i < size && MayGoOn(fits, tell); ++i) {
      const bool in_tuple = i < static_cast<int>(schema.tuple.size());
      const Node* item = in_tuple ? schema.tuple[static_cast<size_t>(i)] : schema.items;
      if (item == nullptr) break;
      fits &= CheckBelow(*item, {.index = i}, View(list.values(i)), tell);
    }
    if (schema.unique_items && !AreDifferent(list)) {
      return Fail(tell, "must not have an item twice");
    }
    if (schema.contains != nullptr) {
      bool found = false;
      for (int i = 0; i < size && !found && !too_much_; ++i) {
        found = Check(*schema.contains, View(list.values(i)), false);
      }
      if (!found) return Fail(tell, "must have an item that fits the schema of contains");
    }
    return fits;
  }

  bool AreDifferent(const ListValue& list) {
    std::unordered_multimap<size_t, const Value*> seen;
    for (const Value& item : list.values()) {
      if (!Spend(schema_internal::SizeOf(item))) return true;
      const size_t hash = schema_internal::HashOf(item);
      const auto [begin, end] = seen.equal_range(hash);
      for (auto same = begin; same != end; ++same) {
        if (!Spend(1)) return true;
        if (schema_internal::AreEqual(*same->second, item)) return false;
      }
      seen.emplace(hash, &item);
    }
    return true;
  }

  bool CheckObject(const Node& schema, const Struct& object, bool tell) {
    const auto size = static_cast<int64_t>(object.fields().size());
    if (schema.min_properties && size < *schema.min_properties) {
      return Fail(tell,
                  "must have at least " + std::to_string(*schema.min_properties) + " properties");
    }
    if (schema.max_properties && size > *schema.max_properties) {
      return Fail(tell,
                  "must have at most " + std::to_string(*schema.max_properties) + " properties");
    }
    bool fits = CheckRequired(schema.required, object, "is required", tell);
    fits &= CheckProperties(schema, object, tell);
    for (const auto& [name, dependency] : schema.dependencies) {
      if (!Spend(1) || !MayGoOn(fits, tell)) break;
      if (!object.fields().contains(name)) continue;
      fits &= CheckRequired(dependency.required, object, "is required beside " + name, tell);
      if (dependency.schema != nullptr) fits &= Check(*dependency.schema, View(object), tell);
    }
    return fits;
  }

  bool CheckRequired(const std::vector<std::string>& names, const Struct& object,
                     const std::string& what, bool tell) {
    bool fits = true;
    for (const std::string& name : names) {
      if (!Spend(1) || !MayGoOn(fits, tell)) break;
      if (object.fields().contains(name)) continue;
      places_.push_back({.name = name});
      fits = Fail(tell, what);
      places_.pop_back();
    }
    return fits;
  }

  bool CheckProperties(const Node& schema, const Struct& object, bool tell) {
    const bool looks_at_all = !schema.pattern_properties.empty() ||
                              schema.additional_properties != nullptr ||
                              schema.property_names != nullptr;
    bool fits = true;
    if (!looks_at_all) {
      for (const auto& [name, property] : schema.properties) {
        if (!Spend(1) || !MayGoOn(fits, tell)) break;
        const auto member = object.fields().find(name);
        if (member == object.fields().end()) continue;
        fits &= CheckBelow(*property, {.name = name}, View(member->second), tell);
      }
      return fits;
    }
    // In the order of names, so that the same misfits are named each time.
    std::vector<std::pair<std::string_view, const Value*>> members;
    for (const auto& [name, member] : object.fields()) members.emplace_back(name, &member);
    std::ranges::sort(members);
    for (const auto& [name, member] : members) {
      if (!Spend(1) || !MayGoOn(fits, tell)) break;
      fits &= CheckProperty(schema, name, *member, tell);
    }
    return fits;
  }

  bool CheckProperty(const Node& schema, std::string_view name, const Value& member, bool tell) {
    const Place place{.name = name};
    bool fits = true;
    if (schema.property_names != nullptr) {
      Value as_value;
      as_value.set_string_value(std::string(name));
      fits = Check(*schema.property_names, View(as_value), false);
      if (!fits) return FailAt(place, tell, "is no name that the schema allows");
    }
    bool known = false;
    if (const auto property = schema.properties.find(name); property != schema.properties.end()) {
      known = true;
      fits = CheckBelow(*property->second, place, View(member), tell);
    }
    for (const auto& [pattern, of] : schema.pattern_properties) {
      const std::string text(name);
      if (!SpendMatch(*pattern, text)) return false;
      if (!Matches(*pattern, text)) continue;
      known = true;
      fits = fits && CheckBelow(*of, place, View(member), tell);
    }
    if (known || schema.additional_properties == nullptr) return fits;
    return CheckBelow(*schema.additional_properties, place, View(member), tell);
  }

  bool CheckCombinations(const Node& schema, View at, bool tell) {
    for (const Node* one : schema.all_of) {
      if (!Check(*one, at, tell)) return false;
    }
    if (!schema.any_of.empty() && CountFitting(schema.any_of, at, 1) == 0) {
      return Fail(tell, "fits none of the schemas of anyOf");
    }
    if (!schema.one_of.empty()) {
      const int fitting = CountFitting(schema.one_of, at, 2);
      if (fitting == 0) return Fail(tell, "fits none of the schemas of oneOf");
      if (fitting > 1) return Fail(tell, "fits more than one of the schemas of oneOf");
    }
    if (schema.not_of != nullptr && Check(*schema.not_of, at, false)) {
      return Fail(tell, "fits the schema of not");
    }
    if (schema.if_of == nullptr) return true;
    const Node* then = Check(*schema.if_of, at, false) ? schema.then_of : schema.else_of;
    return then == nullptr || Check(*then, at, tell);
  }

  // Up to `enough`.
  int CountFitting(const std::vector<const Node*>& schemas, View at, int enough) {
    int fitting = 0;
    for (const Node* schema : schemas) {
      if (Check(*schema, at, false)) ++fitting;
      if (fitting == enough || too_much_) break;
    }
    return fitting;
  }

  bool CheckBelow(const Node& schema, Place place, View at, bool tell) {
    places_.push_back(place);
    const bool fits = Check(schema, at, tell);
    places_.pop_back();
    return fits;
  }

  // Whether what stands beside may be looked at: for more misfits, not for more than are named.
  bool MayGoOn(bool fits, bool tell) const {
    if (too_much_) return false;
    return fits || (tell && misfits_.size() < JsonSchema::kMaxMisfits);
  }

  // Always false.
  bool Fail(bool tell, std::string what) {
    if (tell && misfits_.size() < JsonSchema::kMaxMisfits) {
      misfits_.push_back({PathOfPlaces(), schema_internal::Shorten(std::move(what))});
    }
    return false;
  }
  bool FailAt(Place place, bool tell, std::string what) {
    places_.push_back(place);
    Fail(tell, std::move(what));
    places_.pop_back();
    return false;
  }

  std::string PathOfPlaces() const {
    std::string path(root_);
    for (const Place& place : places_) {
      if (place.index >= 0) {
        path += "[" + std::to_string(place.index) + "]";
      } else {
        schema_internal::AppendMember(path, place.name);
      }
    }
    return schema_internal::Shorten(std::move(path));
  }

  const std::string_view root_;
  std::vector<Place> places_;
  std::vector<JsonSchema::Misfit> misfits_;
  int64_t steps_ = 0;
  int depth_ = 0;
  bool too_much_ = false;
};

}  // namespace

JsonSchema::JsonSchema(std::unique_ptr<const schema_internal::CompiledSchema> compiled)
    : compiled_(std::move(compiled)) {}

JsonSchema::~JsonSchema() = default;

absl::StatusOr<std::shared_ptr<const JsonSchema>> JsonSchema::Compile(
    std::string_view field, const google::protobuf::Struct& schema) {
  GH_ASSIGN_OR_RETURN(std::unique_ptr<const schema_internal::CompiledSchema> compiled,
                      schema_internal::CompileSchema(field, schema));
  return std::make_shared<const JsonSchema>(std::move(compiled));
}

std::vector<JsonSchema::Misfit> JsonSchema::Check(std::string_view root,
                                                  const google::protobuf::Struct& data) const {
  return Judge(root).Check(*compiled_->root, data);
}

size_t JsonSchema::weight() const { return compiled_->weight; }

}  // namespace gatehouse::service
