#include "rpc/method/method_registry.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor_database.h>

#include <algorithm>
#include <set>

#include "gatehouse/v1/access.pb.h"

namespace gatehouse::rpc {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// "/pkg.Service/Method" -> "pkg.Service"
std::string_view ServiceOf(std::string_view name) {
  name.remove_prefix(1);
  return name.substr(0, name.find('/'));
}

std::string WireName(const MethodDescriptor& method) {
  return "/" + method.service()->full_name() + "/" + method.name();
}

const MethodDescriptor* FindDescriptor(std::string_view name) {
  std::string full_name(name.substr(1));
  std::replace(full_name.begin(), full_name.end(), '/', '.');
  return DescriptorPool::generated_pool()->FindMethodByName(full_name);
}

MethodKind KindOf(const MethodDescriptor& method) {
  if (method.client_streaming()) return MethodKind::kBidiStreaming;
  return method.server_streaming() ? MethodKind::kServerStreaming : MethodKind::kUnary;
}

bool IsPage(const google::protobuf::Message& response) {
  return response.GetDescriptor()->FindFieldByName("next_page_token") != nullptr;
}

void ReadOption(const v1::Access& option, MethodInfo& info) {
  info.access = {
      .permission = option.permission(), .self = option.self(), .is_public = option.public_()};
  info.served_first = option.served_first();
  if (option.max_request_bytes() > 0) info.max_request_bytes = option.max_request_bytes();
}

// The services of a package in the .proto files linked into this program.
std::vector<const ServiceDescriptor*> ServicesOf(std::string_view package) {
  std::vector<std::string> files;
  // The pool itself loads files as they are asked for and has no list.
  DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::vector<const ServiceDescriptor*> services;
  for (const std::string& name : files) {
    const auto* file = DescriptorPool::generated_pool()->FindFileByName(name);
    if (file == nullptr || file->package() != package) continue;
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

bool LooksLikeMethod(std::string_view name) {
  return name.size() > 3 && name[0] == '/' && std::count(name.begin(), name.end(), '/') == 2;
}

}  // namespace

void MethodRegistry::Add(std::string_view name, MethodKind kind,
                         std::unique_ptr<MethodHandler> handler, std::optional<Foreign> foreign) {
  if (!LooksLikeMethod(name)) {
    errors_.push_back(std::string(name) + " is not of the form /package.Service/Method");
    return;
  }
  auto method = std::make_unique<Method>();
  method->info = {.name = std::string(name),
                  .kind = kind,
                  .is_list = IsPage(handler->response_prototype()),
                  .index = methods_.size()};
  method->handler = std::move(handler);
  if (foreign) {
    method->info.access = std::move(foreign->access);
    method->info.exempt_from_admission = foreign->exempt_from_admission;
    method->info.client_speaks_first = foreign->client_speaks_first;
  } else if (const MethodDescriptor* descriptor = FindDescriptor(name)) {
    if (descriptor->options().HasExtension(v1::access)) {
      ReadOption(descriptor->options().GetExtension(v1::access), method->info);
    } else {
      errors_.push_back(std::string(name) + " has no (gatehouse.v1.access) option");
    }
  }
  if (!by_name_.emplace(method->info.name, method.get()).second) {
    errors_.push_back(std::string(name) + " is registered twice");
    return;
  }
  methods_.push_back(std::move(method));
}

absl::Status MethodRegistry::Validate(const PermissionNumber& permission_number,
                                      std::string_view package) {
  std::vector<std::string> errors = errors_;
  std::set<const ServiceDescriptor*> services;
  if (!package.empty()) {
    const std::vector<const ServiceDescriptor*> expected = ServicesOf(package);
    services.insert(expected.begin(), expected.end());
  }
  for (const std::unique_ptr<Method>& method : methods_) {
    MethodInfo& info = method->info;
    const MethodDescriptor* descriptor = FindDescriptor(info.name);
    if (descriptor == nullptr) {
      errors.push_back(info.name + " is in no .proto file of this program");
      continue;
    }
    services.insert(descriptor->service());
    if (KindOf(*descriptor) != info.kind ||
        descriptor->input_type() != method->handler->request_prototype().GetDescriptor() ||
        descriptor->output_type() != method->handler->response_prototype().GetDescriptor()) {
      errors.push_back(info.name +
                       " is registered with another kind or other messages than declared");
    }
    if (info.access.is_public) continue;
    const std::optional<int> number = permission_number(info.access.permission);
    if (!number) {
      errors.push_back(info.name + " needs an unknown permission: '" + info.access.permission +
                       "'");
      continue;
    }
    info.access.permission_number = *number;
  }
  for (const ServiceDescriptor* service : services) {
    for (int i = 0; i < service->method_count(); ++i) {
      const std::string name = WireName(*service->method(i));
      if (Find(name) == nullptr) errors.push_back(name + " has no handler");
    }
  }
  if (errors.empty()) return absl::OkStatus();
  std::sort(errors.begin(), errors.end());
  std::string message = "the server cannot start with these methods:";
  for (const std::string& error : errors) message += "\n  " + error;
  return absl::FailedPreconditionError(message);
}

const Method* MethodRegistry::Find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

std::vector<std::string> MethodRegistry::ServiceNames() const {
  std::set<std::string> names;
  for (const std::unique_ptr<Method>& method : methods_) {
    names.emplace(ServiceOf(method->info.name));
  }
  return {names.begin(), names.end()};
}

}  // namespace gatehouse::rpc
