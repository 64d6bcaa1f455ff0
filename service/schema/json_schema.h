#ifndef GATEHOUSE_SERVICE_SCHEMA_JSON_SCHEMA_H_
#define GATEHOUSE_SERVICE_SCHEMA_JSON_SCHEMA_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace google::protobuf {
class Struct;
}

namespace gatehouse::service {

namespace schema_internal {
struct CompiledSchema;
}

// A JSON Schema of draft 7, ready to judge data by. docs/event-catalogue.md says which part of the
// draft it takes.
//
// Schemas come from strangers: compiling one fetches nothing, and judging by one does a bounded
// amount of work, whatever the schema and the data. What would take more is a misfit.
//
// Immutable; any thread.
class JsonSchema {
 public:
  // Of JSON text; its nesting is bounded as well (JsonLimits).
  static constexpr size_t kMaxBytes = size_t{32} << 10;
  // Values looked at, rules applied and pieces of text matched, roughly: some tens of milliseconds
  // at worst. Data of the largest size under a plain schema take less than half of it.
  static constexpr int kMaxSteps = 250'000;
  // Each takes memory of its own when it is compiled, up to kMaxPatternBytes.
  static constexpr int kMaxPatterns = 32;
  static constexpr size_t kMaxPatternLength = 512;
  static constexpr size_t kMaxPatternBytes = size_t{128} << 10;
  // Misfits named at a time: more do not fit into an error (rpc/status_mapping.cc).
  static constexpr size_t kMaxMisfits = 8;

  // INVALID_FIELD about the place in `field`, such as "event_type.schema.properties.age.minimum";
  // TOO_LARGE.
  static absl::StatusOr<std::shared_ptr<const JsonSchema>> Compile(
      std::string_view field, const google::protobuf::Struct& schema);

  explicit JsonSchema(std::unique_ptr<const schema_internal::CompiledSchema> compiled);
  ~JsonSchema();

  struct Misfit {
    // "data.order.items[2].id"
    std::string path;
    // "must be a string". Holds nothing of the data.
    std::string what;
  };
  // What is wrong with `data`, which `root` names; empty if it fits. Of what lies within each other
  // the outermost misfit is named, of what lies side by side the first kMaxMisfits.
  std::vector<Misfit> Check(std::string_view root, const google::protobuf::Struct& data) const;

  // The memory that it takes, roughly.
  size_t weight() const;

 private:
  const std::unique_ptr<const schema_internal::CompiledSchema> compiled_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SCHEMA_JSON_SCHEMA_H_
