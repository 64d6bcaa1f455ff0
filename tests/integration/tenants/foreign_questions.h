#ifndef GATEHOUSE_TESTS_INTEGRATION_TENANTS_FOREIGN_QUESTIONS_H_
#define GATEHOUSE_TESTS_INTEGRATION_TENANTS_FOREIGN_QUESTIONS_H_

#include <string>
#include <vector>

namespace gatehouse::tests {

// How a method is asked about the other tenant's.
struct Question {
  // Of its service without the package: "UserService/GetUser".
  std::string method;
  // The request, in protobuf's text format, with `$user` and the like for ids.
  std::string request;
  enum class Answer {
    // NOT_FOUND.
    kNotFound,
    // OK: nothing of that is there.
    kNothing,
    // INVALID_ARGUMENT or UNAUTHENTICATED: a credential that is not good here.
    kNotGood,
    // PERMISSION_DENIED: for the operator alone.
    kOperatorsAlone,
    // It names nothing that could be another's; what it shows is looked at.
    kNamesNothing,
    // It streams what is the caller's own, without an end: foreign_streams_test.cc.
    kEndless,
  };
  Answer answer = Answer::kNotFound;
};

// Of every method of the API, one at least. They are asked in their order, in one tenant.
const std::vector<Question>& ForeignQuestions();

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_TENANTS_FOREIGN_QUESTIONS_H_
