#ifndef GATEHOUSE_SERVICE_CONFIG_DISPLAY_NAME_H_
#define GATEHOUSE_SERVICE_CONFIG_DISPLAY_NAME_H_

#include <string>

#include "service/config/config.h"

namespace gatehouse::service::config {

// Whose accounts they are, as authenticator apps and passkeys show it to people: what is set, or
// the host of an issuer that is a URL, without its port. Never with a colon, which the format of
// otpauth URIs has for the end of that name.
std::string DisplayNameOf(const AuthSettings& auth);

}  // namespace gatehouse::service::config

#endif  // GATEHOUSE_SERVICE_CONFIG_DISPLAY_NAME_H_
