#ifndef GATEHOUSE_TESTS_SUPPORT_POSTGRES_KILLED_CHILD_H_
#define GATEHOUSE_TESTS_SUPPORT_POSTGRES_KILLED_CHILD_H_

#include <string>

namespace gatehouse::tests {

// What a child process has told when SIGKILL ended it, with what it had made not
// cleaned up. `act`, which runs there, makes something and passes a line about it on to
// `tell`, which does not return. "" if the child failed. Not with threads running.
std::string FromKilledChild(void (*act)(void (*tell)(const std::string&)));

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_POSTGRES_KILLED_CHILD_H_
