#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_PASSWORD_PROMPT_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_PASSWORD_PROMPT_H_

#include <string>

#include "absl/status/statusor.h"

namespace gatehouse::service {

// Asks whoever sits at the terminal for a password, twice, without showing it. INVALID_ARGUMENT
// where there is no terminal, or if the two differ.
absl::StatusOr<std::string> AskForPassword(const std::string& whose);

// The first line of standard input.
absl::StatusOr<std::string> ReadPasswordFromStandardInput();

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_PASSWORD_PROMPT_H_
