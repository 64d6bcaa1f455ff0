#ifndef GATEHOUSE_TESTS_INTEGRATION_ROLES_ROLE_FIXTURE_H_
#define GATEHOUSE_TESTS_INTEGRATION_ROLES_ROLE_FIXTURE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "service/seed/role_seeder.h"
#include "service/seed/seed_file.h"
#include "tests/support/server/test_backend.h"

namespace gatehouse::tests {

// What the seeder does about one role; `told` gets what it tells.
inline absl::Status SeedRole(TestBackend& backend, const std::string& name,
                             const std::vector<std::string>& permissions,
                             std::vector<std::string>* told = nullptr, bool dry_run = false) {
  return service::ApplySeedRole(backend.storage->roles, backend.runner.loop(),
                                backend.SystemContext(), backend.clock,
                                service::SeedRole{.name = name, .permissions = permissions},
                                dry_run, [told](std::string_view done) {
                                  if (told) told->emplace_back(done);
                                });
}

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_INTEGRATION_ROLES_ROLE_FIXTURE_H_
