#ifndef GATEHOUSE_AUTH_PASSKEY_PASSKEY_ERROR_H_
#define GATEHOUSE_AUTH_PASSKEY_PASSKEY_ERROR_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/reason.h"
#include "base/status.h"

namespace gatehouse::auth {

// INVALID_ARGUMENT, PASSKEY_INVALID: about what a browser or an authenticator sent, before anybody
// looks whose it is. `what` ends "the passkey's answer ...".
inline absl::Status PasskeyInvalid(std::string_view what) {
  return base::MakeError(absl::StatusCode::kInvalidArgument,
                         "the passkey's answer " + std::string(what),
                         {.reason = base::Reason::kPasskeyInvalid});
}

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSKEY_PASSKEY_ERROR_H_
