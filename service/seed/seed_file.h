#ifndef GATEHOUSE_SERVICE_SEED_SEED_FILE_H_
#define GATEHOUSE_SERVICE_SEED_SEED_FILE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::service {

// A declarative seed file, JSON. What is in it exists after `gatehouse seed`;
// what is not in it stays as it is.
//
//   {
//     "roles": [{"name": "support", "permissions": ["users.read", "sessions.read"]}],
//     "users": [{"username": "ada", "email": "ada@example.com", "role": "admin",
//                "password_file": "/run/secrets/ada", "first_name": "Ada",
//                "last_name": "Lovelace"}],
//     "api_keys": [{"display_name": "billing", "permissions": ["sessions.verify"],
//                   "key_file": "/run/secrets/billing-key"}],
//     "endpoints": [{"url": "https://example.com/hook", "event_types": ["user.*"],
//                    "description": "CRM", "secret_file": "/run/secrets/crm"}]
//   }
//
// Secrets never stand in the file itself: it names files. Roles come first, so
// that users of the same file can have them.
struct SeedRole {
  std::string name;  // What the role is recognised by; not a built-in one.
  // All of them: what is not listed is taken away.
  std::vector<std::string> permissions;
};

struct SeedUser {
  std::string username;  // What the user is recognised by.
  std::string email;
  std::string role;
  std::string first_name;
  std::string last_name;
  // Read when the user is created; a later change of the file changes nothing.
  std::string password_file;
};

struct SeedApiKey {
  std::string display_name;  // What the key is recognised by.
  std::vector<std::string> permissions;
  // The new key is written here, mode 0600; it must not exist yet.
  std::string key_file;
};

struct SeedEndpoint {
  std::string url;  // What the endpoint is recognised by.
  std::vector<std::string> event_types;
  std::string description;
  // The signing secret, "whsec_...": read if the file exists, else made and
  // written, mode 0600.
  std::string secret_file;
};

struct SeedFile {
  std::vector<SeedRole> roles;
  std::vector<SeedUser> users;
  std::vector<SeedApiKey> api_keys;
  std::vector<SeedEndpoint> endpoints;
};

// INVALID_ARGUMENT names what is wrong and where ("users[1].role"): malformed
// JSON, unknown or missing members, wrong types, two entries of one name: of a
// username in whatever case and form, as it is looked up.
absl::StatusOr<SeedFile> ParseSeedFile(std::string_view json);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SEED_SEED_FILE_H_
