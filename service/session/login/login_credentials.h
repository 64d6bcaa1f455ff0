#ifndef GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_CREDENTIALS_H_
#define GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_CREDENTIALS_H_

#include "storage/user/user.h"

namespace gatehouse::service {

// What a login needs to know of a user whose password it does not ask for.
storage::UserCredentials LoginCredentialsOf(const storage::User& user);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_CREDENTIALS_H_
