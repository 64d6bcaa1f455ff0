#ifndef GATEHOUSE_SERVICE_MAIN_SECRETS_H_
#define GATEHOUSE_SERVICE_MAIN_SECRETS_H_

#include <string>

namespace gatehouse::service {

// What the server must keep to itself, 32 bytes each. Every instance on one
// database has the same.
struct Secrets {
  // Seals signing keys and webhook secrets at rest.
  std::string master_key;
  // Authenticates refresh tokens, page tokens and request fingerprints.
  std::string token_pepper;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_SECRETS_H_
