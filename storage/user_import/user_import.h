#ifndef GATEHOUSE_STORAGE_USER_IMPORT_USER_IMPORT_H_
#define GATEHOUSE_STORAGE_USER_IMPORT_USER_IMPORT_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "base/time.h"
#include "base/uuid.h"
#include "storage/user/user.h"

namespace gatehouse::storage {

// Somebody who is to be a user.
struct NewUser {
  User user;
  // nullopt: no login by password.
  std::optional<std::string> password_hash;
};

// A step of an import that can go on: from one row to a later one.
struct ImportStep {
  std::string key;
  int64_t from_row = 0;
  int64_t to_row = 0;
};

// What is somebody's already, of what was asked about.
struct TakenIdentifiers {
  // Caseless keys of usernames and email addresses.
  std::set<std::string> keys;
  std::set<base::Uuid> ids;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_USER_IMPORT_USER_IMPORT_H_
