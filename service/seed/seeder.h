#ifndef GATEHOUSE_SERVICE_SEED_SEEDER_H_
#define GATEHOUSE_SERVICE_SEED_SEEDER_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "service/seed/seed_file.h"
#include "storage/role/role_store.h"

namespace gatehouse::v1 {
class ApiKey;
class Endpoint;
}  // namespace gatehouse::v1

namespace gatehouse::service {

class MutationKey;
class UserService;
class WebhookService;

// Brings the database in line with a seed file, through the same handlers that
// serve callers: same checks, same events. Again: nothing left to do.
//
// Thread: one that is no loop; blocks.
class Seeder {
 public:
  struct Options {
    storage::RoleStore& roles;
    UserService& users;
    WebhookService& webhooks;
    base::Loop& loop;
    const base::Clock& clock;
    // A context of the server itself, for each call.
    std::function<base::CallContext()> make_context;
    // Gets a line for each thing done, or in a dry run to be done.
    std::function<void(std::string_view)> tell;
    bool dry_run = false;
    // Users who are there stay as they are, also where they differ from the file.
    bool keep_users = false;
    // Of new users for whom the file names no `password_file`. Empty: they have none.
    std::string initial_password = {};
  };

  explicit Seeder(Options options) : options_(std::move(options)) {}

  // Stops at the first thing that fails; what was done before stays. The error
  // names the entry.
  absl::Status Run(const SeedFile& seed);

 private:
  absl::Status SeedOne(const SeedRole& seed);
  absl::Status SeedOne(const SeedUser& seed);
  absl::Status SeedOne(const SeedApiKey& seed);
  absl::Status SeedOne(const SeedEndpoint& seed);
  absl::Status CreateOne(const SeedUser& seed);
  absl::Status CreateOne(const SeedEndpoint& seed);
  absl::StatusOr<std::optional<v1::ApiKey>> FindApiKey(const std::string& display_name);
  absl::StatusOr<std::optional<v1::Endpoint>> FindEndpoint(const std::string& url);

  template <typename Response, typename Service, typename Request>
  absl::StatusOr<Response> Call(
      Service& service,
      base::Task<absl::StatusOr<Response>> (Service::*method)(base::CallContext, Request),
      const Request& request);
  // A mutation, without a key: the seeder repeats no call.
  template <typename Response, typename Service, typename Request>
  absl::StatusOr<Response> Call(Service& service,
                                base::Task<absl::StatusOr<Response>> (Service::*method)(
                                    base::CallContext, Request, MutationKey),
                                const Request& request);
  void Tell(std::string_view done, std::string_view what, std::string_view name);

  const Options options_;
  // In a dry run: what users may have by then.
  std::set<std::string> roles_to_create_;
};

// INVALID_ARGUMENT if the file cannot be read or is not a seed file.
absl::StatusOr<SeedFile> ReadSeedFile(const std::string& path);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SEED_SEEDER_H_
