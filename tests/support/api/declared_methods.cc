#include "tests/support/api/declared_methods.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

namespace gatehouse::tests {

using google::protobuf::FileDescriptorProto;
using google::protobuf::FileDescriptorSet;

std::vector<DeclaredMethod> DeclaredMethods() {
  std::ifstream file("proto/gatehouse/v1/v1.binpb", std::ios::binary);
  FileDescriptorSet set;
  EXPECT_TRUE(set.ParseFromIstream(&file));
  std::map<std::string, std::set<std::string>> fields;
  for (const FileDescriptorProto& proto : set.file()) {
    for (const auto& message : proto.message_type()) {
      std::set<std::string>& names = fields["." + proto.package() + "." + message.name()];
      for (const auto& field : message.field()) names.insert(field.name());
    }
  }
  std::vector<DeclaredMethod> methods;
  for (const FileDescriptorProto& proto : set.file()) {
    if (proto.package() != "gatehouse.v1") continue;
    for (const auto& service : proto.service()) {
      for (const auto& method : service.method()) {
        methods.push_back({.name = service.name() + "/" + method.name(),
                           .access = method.options().GetExtension(v1::access),
                           .request_fields = fields[method.input_type()]});
      }
    }
  }
  return methods;
}

}  // namespace gatehouse::tests
