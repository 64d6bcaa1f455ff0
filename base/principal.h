#ifndef GATEHOUSE_BASE_PRINCIPAL_H_
#define GATEHOUSE_BASE_PRINCIPAL_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace gatehouse::base {

// Who makes a call, as the authentication interceptor established it.
struct Principal {
  enum class Kind {
    kAnonymous,  // No credentials: only public methods.
    kUser,       // An access token of a session.
    kApiKey,     // A service, by API key.
    kSystem,     // The server itself: seeding, workers, the command line.
  };

  Kind kind = Kind::kAnonymous;
  Uuid tenant_id = kDefaultTenantId;
  // The user's or the API key's id; nil otherwise.
  Uuid id = {};
  // Username or the key's display name, for the audit trail.
  std::string name = {};
  // The session of an access token; nil otherwise.
  Uuid session_id = {};
  std::vector<std::string> roles = {};
  // Bit i is set for the permission with number i of auth/permission/permissions.h.
  uint64_t permissions = 0;
  // When and how (RFC 8176 values) the user proved who they are.
  Time auth_time = {};
  std::vector<std::string> amr = {};
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_PRINCIPAL_H_
