#ifndef GATEHOUSE_TESTS_SUPPORT_API_DECLARED_METHODS_H_
#define GATEHOUSE_TESTS_SUPPORT_API_DECLARED_METHODS_H_

#include <set>
#include <string>
#include <vector>

#include "gatehouse/v1/access.pb.h"

namespace gatehouse::tests {

// A method of the API, as a .proto file has it.
struct DeclaredMethod {
  // Without the package: "UserService/GetUser".
  std::string name;
  v1::Access access;
  // Names of the fields of its request.
  std::set<std::string> request_fields;
};

// All there are, from the compiler's output and not from what is linked into the test: a service
// that was forgotten altogether is missing there as well. The test's `data` has
// //proto/gatehouse/v1:v1_descriptors.
std::vector<DeclaredMethod> DeclaredMethods();

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_API_DECLARED_METHODS_H_
