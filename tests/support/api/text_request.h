#ifndef GATEHOUSE_TESTS_SUPPORT_API_TEXT_REQUEST_H_
#define GATEHOUSE_TESTS_SUPPORT_API_TEXT_REQUEST_H_

#include <map>
#include <string>

namespace google::protobuf {
class MethodDescriptor;
}

namespace gatehouse::tests {

// For tables of requests: a method by its name without the package ("UserService/GetUser"), and
// texts with `$user` and the like for what is known only when the test runs.

// Null if there is none, and the test fails.
const google::protobuf::MethodDescriptor* FindMethod(const std::string& method);

// `text` with what each of its names stands for.
std::string FillIn(std::string text, const std::map<std::string, std::string>& names);

// The request of a method as it is sent, of protobuf's text format. The test fails if it is none.
std::string TextRequest(const std::string& method, const std::string& text,
                        const std::map<std::string, std::string>& names);

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_API_TEXT_REQUEST_H_
