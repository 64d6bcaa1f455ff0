#include "rpc/interceptors/validate_interceptor.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/async/mutex.h"
#include "base/status.h"
#include "google/api/field_behavior.pb.h"

namespace gatehouse::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsRequired(const FieldDescriptor& field) {
  const auto& options = field.options();
  for (int i = 0; i < options.ExtensionSize(google::api::field_behavior); ++i) {
    if (options.GetExtension(google::api::field_behavior, i) == google::api::REQUIRED) return true;
  }
  return false;
}

bool IsMissing(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  if (field.is_repeated()) return reflection.FieldSize(message, &field) == 0;
  if (field.has_presence()) return !reflection.HasField(message, &field);
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
    case FieldDescriptor::CPPTYPE_ENUM:
      return !reflection.HasField(message, &field);
    default:
      return false;
  }
}

}  // namespace

// What there is to check in a message type, worked out once per type.
class ValidateInterceptor::Rules {
 public:
  struct Rule {
    std::vector<const FieldDescriptor*> required;
    // Message fields with something to check inside.
    std::vector<std::pair<const FieldDescriptor*, const Rule*>> nested;
    bool empty() const { return required.empty() && nested.empty(); }
  };

  // Rules stay where they are.
  const Rule& For(const Descriptor* type) GH_EXCLUDES(mutex_) {
    base::MutexLock lock(mutex_);
    return Get(type);
  }

  static void Check(const Rule& rule, const Message& message, const std::string& prefix,
                    bool nested, std::vector<base::FieldViolation>& violations) {
    for (const FieldDescriptor* field : rule.required) {
      if (IsMissing(message, *field)) {
        violations.push_back({.field = prefix + field->name(), .description = "is required"});
      }
    }
    if (!nested) return;
    const Reflection& reflection = *message.GetReflection();
    for (const auto& [field, inner] : rule.nested) {
      const std::string path = prefix + field->name();
      if (!field->is_repeated()) {
        if (reflection.HasField(message, field)) {
          Check(*inner, reflection.GetMessage(message, field), path + ".", true, violations);
        }
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        Check(*inner, reflection.GetRepeatedMessage(message, field, i),
              path + "[" + std::to_string(i) + "].", true, violations);
      }
    }
  }

 private:
  Rule& Get(const Descriptor* type) GH_REQUIRES(mutex_) {
    const auto [it, added] = rules_.try_emplace(type);
    Rule& rule = it->second;
    // A type inside itself is found unfinished, hence empty: recursive types
    // are checked on their outermost level.
    if (!added) return rule;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor* field = type->field(i);
      if (IsRequired(*field)) rule.required.push_back(field);
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
      const Rule& inner = Get(field->message_type());
      if (!inner.empty()) rule.nested.emplace_back(field, &inner);
    }
    return rule;
  }

  base::Mutex mutex_;
  // References into it stay valid when it grows.
  std::unordered_map<const Descriptor*, Rule> rules_ GH_GUARDED_BY(mutex_);
};

ValidateInterceptor::ValidateInterceptor() : rules_(std::make_unique<Rules>()) {}

ValidateInterceptor::~ValidateInterceptor() = default;

Decision ValidateInterceptor::Before(ServerCall& call) {
  const Message* request = call.request();
  if (request == nullptr) return Decision::Continue();
  const Rules::Rule& rule = rules_->For(request->GetDescriptor());
  if (rule.empty()) return Decision::Continue();
  const bool nested = request->GetDescriptor()->FindFieldByName("update_mask") == nullptr;
  std::vector<base::FieldViolation> violations;
  Rules::Check(rule, *request, "", nested, violations);
  if (violations.empty()) return Decision::Continue();
  std::string fields;
  for (const base::FieldViolation& violation : violations) {
    fields += (fields.empty() ? "" : ", ") + violation.field;
  }
  return base::MakeError(absl::StatusCode::kInvalidArgument, "required: " + fields,
                         {.reason = base::Reason::kInvalidField,
                          .metadata = {{"field", violations.front().field}},
                          .violations = std::move(violations)});
}

}  // namespace gatehouse::rpc
