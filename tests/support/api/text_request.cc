#include "tests/support/api/text_request.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>

#include "absl/strings/str_replace.h"

namespace gatehouse::tests {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;
using google::protobuf::TextFormat;

const MethodDescriptor* FindMethod(const std::string& method) {
  const size_t slash = method.find('/');
  const auto* service = DescriptorPool::generated_pool()->FindServiceByName(
      "gatehouse.v1." + method.substr(0, slash));
  const MethodDescriptor* found =
      service == nullptr ? nullptr : service->FindMethodByName(method.substr(slash + 1));
  if (found == nullptr) ADD_FAILURE() << "there is no " << method;
  return found;
}

std::string FillIn(std::string text, const std::map<std::string, std::string>& names) {
  // Longer names first: one may begin with another.
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    text = absl::StrReplaceAll(text, {{name->first, name->second}});
  }
  return text;
}

std::string TextRequest(const std::string& method, const std::string& text,
                        const std::map<std::string, std::string>& names) {
  const MethodDescriptor* found = FindMethod(method);
  if (found == nullptr) return "";
  const std::unique_ptr<Message> request(
      MessageFactory::generated_factory()->GetPrototype(found->input_type())->New());
  const std::string filled = FillIn(text, names);
  EXPECT_TRUE(TextFormat::ParseFromString(filled, request.get())) << filled;
  return request->SerializeAsString();
}

}  // namespace gatehouse::tests
