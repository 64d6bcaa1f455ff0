#ifndef GATEHOUSE_AUTH_TOKEN_TOKEN_PEPPERS_H_
#define GATEHOUSE_AUTH_TOKEN_TOKEN_PEPPERS_H_

#include <string>
#include <string_view>
#include <utility>

namespace gatehouse::auth {

// The server's secret under which tokens are made, and while it is being changed a second one whose
// tokens are taken as well: the next one before the change, the one before after it. A token does
// not say which it is: what is not of the first is tried under the second. All instances must
// have the same two, in either order.
struct TokenPeppers {
  // Implicit: mostly there is one, of at least 32 bytes.
  TokenPeppers(std::string current, std::string accepted = {})  // NOLINT
      : current(std::move(current)), accepted(std::move(accepted)) {}
  TokenPeppers(std::string_view current) : TokenPeppers(std::string(current)) {}  // NOLINT
  TokenPeppers(const char* current) : TokenPeppers(std::string(current)) {}       // NOLINT

  std::string current;
  // Empty: there is none.
  std::string accepted;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_TOKEN_TOKEN_PEPPERS_H_
