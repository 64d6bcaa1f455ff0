#include "service/seed/seeder.h"

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/async/run_on_loop.h"
#include "base/small_file.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "service/common/idempotent.h"
#include "service/seed/role_seeder.h"
#include "service/seed/secret_files.h"
#include "service/user/user_service.h"
#include "service/webhook/webhook_service.h"

namespace gatehouse::service {
namespace {

constexpr int32_t kPageSize = 1000;

// `missing_roles`: they are not there in a dry run, and would be refused.
v1::User ToUser(const SeedUser& seed, const std::set<std::string>& missing_roles) {
  v1::User user;
  user.set_username(seed.username);
  user.set_email(seed.email);
  if (!missing_roles.contains(seed.role)) user.set_role(seed.role);
  user.set_first_name(seed.first_name);
  user.set_last_name(seed.last_name);
  return user;
}

// The members the seed file gives that are not written like what is there: it may be the same in
// another form.
std::vector<std::string> Differences(const SeedUser& seed, const v1::User& user) {
  std::vector<std::string> fields;
  const auto compare = [&fields](const char* field, const std::string& want,
                                 const std::string& have) {
    if (!want.empty() && want != have) fields.emplace_back(field);
  };
  compare("email", seed.email, user.email());
  compare("role", seed.role, user.role());
  compare("first_name", seed.first_name, user.first_name());
  compare("last_name", seed.last_name, user.last_name());
  return fields;
}

absl::Status In(const std::string& entry, const absl::Status& status) {
  if (status.ok()) return status;
  const auto details = base::GetErrorDetails(status);
  const std::string message = entry + ": " + std::string(status.message());
  if (!details) return absl::Status(status.code(), message);
  return base::MakeError(status.code(), message, *details);
}

}  // namespace

absl::StatusOr<SeedFile> ReadSeedFile(const std::string& path) {
  GH_ASSIGN_OR_RETURN(const std::string text, base::ReadSmallFile("seed file", path));
  return ParseSeedFile(text);
}

absl::Status Seeder::Run(const SeedFile& seed) {
  for (const SeedRole& role : seed.roles) {
    GH_RETURN_IF_ERROR(In("role " + role.name, SeedOne(role)));
  }
  for (const SeedUser& user : seed.users) {
    GH_RETURN_IF_ERROR(In("user " + user.username, SeedOne(user)));
  }
  for (const SeedApiKey& key : seed.api_keys) {
    GH_RETURN_IF_ERROR(In("API key " + key.display_name, SeedOne(key)));
  }
  for (const SeedEndpoint& endpoint : seed.endpoints) {
    GH_RETURN_IF_ERROR(In("endpoint " + endpoint.url, SeedOne(endpoint)));
  }
  return absl::OkStatus();
}

void Seeder::Tell(std::string_view done, std::string_view what, std::string_view name) {
  options_.tell(std::string(options_.dry_run ? "would be " : "") + std::string(done) + ": " +
                std::string(what) + " " + std::string(name));
}

// Calls a handler as the server itself and waits for its answer.
template <typename Response, typename Service, typename Request>
absl::StatusOr<Response> Seeder::Call(
    Service& service,
    base::Task<absl::StatusOr<Response>> (Service::*method)(base::CallContext, Request),
    const Request& request) {
  return base::RunOnLoop<absl::StatusOr<Response>>(
      options_.loop, [&] { return (service.*method)(options_.make_context(), request); });
}

template <typename Response, typename Service, typename Request>
absl::StatusOr<Response> Seeder::Call(Service& service,
                                      base::Task<absl::StatusOr<Response>> (Service::*method)(
                                          base::CallContext, Request, MutationKey),
                                      const Request& request) {
  return base::RunOnLoop<absl::StatusOr<Response>>(options_.loop, [&] {
    return (service.*method)(options_.make_context(), request, MutationKey());
  });
}

absl::Status Seeder::SeedOne(const SeedRole& seed) {
  return ApplySeedRole(options_.roles, options_.loop, options_.make_context(), options_.clock, seed,
                       options_.dry_run, [&](std::string_view done) {
                         if (options_.dry_run && done == "created")
                           roles_to_create_.insert(seed.name);
                         Tell(done, "role", seed.name);
                       });
}

absl::Status Seeder::SeedOne(const SeedUser& seed) {
  v1::GetUserRequest get;
  get.set_username(seed.username);
  const auto found = Call(options_.users, &UserService::GetUser, get);
  if (base::HasReason(found.status(), base::Reason::kUserNotFound)) return CreateOne(seed);
  GH_RETURN_IF_ERROR(found.status());
  if (options_.keep_users) return absl::OkStatus();

  const std::vector<std::string> fields = Differences(seed, found->user());
  if (fields.empty()) return absl::OkStatus();
  v1::UpdateUserRequest update;
  update.set_user_id(found->user().id());
  *update.mutable_user() = ToUser(seed, roles_to_create_);
  for (const std::string& field : fields) update.mutable_update_mask()->add_paths(field);
  update.set_validate_only(options_.dry_run);
  GH_ASSIGN_OR_RETURN(const v1::UpdateUserResponse updated,
                      Call(options_.users, &UserService::UpdateUser, update));
  // The handler knows whether that was a change; in a dry run not of a role that is not there yet.
  const bool changed =
      updated.user().etag() != found->user().etag() || roles_to_create_.contains(seed.role);
  if (changed) Tell("updated", "user", seed.username);
  return absl::OkStatus();
}

absl::Status Seeder::CreateOne(const SeedUser& seed) {
  v1::CreateUserRequest create;
  *create.mutable_user() = ToUser(seed, roles_to_create_);
  create.set_password(options_.initial_password);
  if (!seed.password_file.empty()) {
    GH_ASSIGN_OR_RETURN(*create.mutable_password(),
                        ReadSecretFile("password_file", seed.password_file));
  }
  create.set_validate_only(options_.dry_run);
  GH_RETURN_IF_ERROR(Call(options_.users, &UserService::CreateUser, create).status());
  Tell("created", "user", seed.username);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::ApiKey>> Seeder::FindApiKey(const std::string& display_name) {
  v1::ListApiKeysRequest list;
  list.set_page_size(kPageSize);
  do {
    GH_ASSIGN_OR_RETURN(const v1::ListApiKeysResponse page,
                        Call(options_.users, &UserService::ListApiKeys, list));
    for (const v1::ApiKey& key : page.api_keys()) {
      if (key.display_name() == display_name) return key;
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  return std::nullopt;
}

absl::Status Seeder::SeedOne(const SeedApiKey& seed) {
  GH_ASSIGN_OR_RETURN(const std::optional<v1::ApiKey> found, FindApiKey(seed.display_name));
  if (found) {
    const std::set<std::string> have(found->permissions().begin(), found->permissions().end());
    const std::set<std::string> want(seed.permissions.begin(), seed.permissions.end());
    if (have == want) return absl::OkStatus();
    // A key's permissions are for good, and a new key would be in nobody's hands.
    return base::InvalidField("permissions",
                              "differ from those of the key of that name; revoke it first");
  }
  v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name(seed.display_name);
  for (const std::string& permission : seed.permissions) {
    create.mutable_api_key()->add_permissions(permission);
  }
  create.set_validate_only(options_.dry_run);
  if (options_.dry_run) {
    GH_RETURN_IF_ERROR(NewSecretFile::Check("key_file", seed.key_file));
    GH_RETURN_IF_ERROR(Call(options_.users, &UserService::CreateApiKey, create).status());
  } else {
    // The file first: a key that cannot be written down would be lost.
    GH_ASSIGN_OR_RETURN(NewSecretFile file, NewSecretFile::Create("key_file", seed.key_file));
    GH_ASSIGN_OR_RETURN(const v1::CreateApiKeyResponse created,
                        Call(options_.users, &UserService::CreateApiKey, create));
    GH_RETURN_IF_ERROR(file.Write(created.key()));
  }
  Tell("created", "API key", seed.display_name);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<v1::Endpoint>> Seeder::FindEndpoint(const std::string& url) {
  v1::ListEndpointsRequest list;
  list.set_page_size(kPageSize);
  do {
    GH_ASSIGN_OR_RETURN(const v1::ListEndpointsResponse page,
                        Call(options_.webhooks, &WebhookService::ListEndpoints, list));
    for (const v1::Endpoint& endpoint : page.endpoints()) {
      if (endpoint.url() == url) return endpoint;
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  return std::nullopt;
}

absl::Status Seeder::SeedOne(const SeedEndpoint& seed) {
  GH_ASSIGN_OR_RETURN(const std::optional<v1::Endpoint> found, FindEndpoint(seed.url));
  if (!found) return CreateOne(seed);
  const std::vector<std::string> have(found->event_types().begin(), found->event_types().end());
  v1::UpdateEndpointRequest update;
  update.set_endpoint_id(found->id());
  if (std::set(have.begin(), have.end()) !=
      std::set(seed.event_types.begin(), seed.event_types.end())) {
    update.mutable_update_mask()->add_paths("event_types");
    for (const std::string& type : seed.event_types) {
      update.mutable_endpoint()->add_event_types(type);
    }
  }
  if (seed.description != found->description()) {
    update.mutable_update_mask()->add_paths("description");
    update.mutable_endpoint()->set_description(seed.description);
  }
  if (update.update_mask().paths().empty()) return absl::OkStatus();
  update.set_validate_only(options_.dry_run);
  GH_RETURN_IF_ERROR(Call(options_.webhooks, &WebhookService::UpdateEndpoint, update).status());
  Tell("updated", "endpoint", seed.url);
  return absl::OkStatus();
}

absl::Status Seeder::CreateOne(const SeedEndpoint& seed) {
  v1::CreateEndpointRequest create;
  create.mutable_endpoint()->set_url(seed.url);
  create.mutable_endpoint()->set_description(seed.description);
  for (const std::string& type : seed.event_types) create.mutable_endpoint()->add_event_types(type);
  create.set_validate_only(options_.dry_run);
  const bool given = FileExists(seed.secret_file);
  if (given) {
    GH_ASSIGN_OR_RETURN(*create.mutable_secret(), ReadSecretFile("secret_file", seed.secret_file));
  }
  if (!given && options_.dry_run) {
    GH_RETURN_IF_ERROR(NewSecretFile::Check("secret_file", seed.secret_file));
  }
  if (given || options_.dry_run) {
    GH_RETURN_IF_ERROR(Call(options_.webhooks, &WebhookService::CreateEndpoint, create).status());
  } else {
    GH_ASSIGN_OR_RETURN(NewSecretFile file, NewSecretFile::Create("secret_file", seed.secret_file));
    GH_ASSIGN_OR_RETURN(const v1::CreateEndpointResponse created,
                        Call(options_.webhooks, &WebhookService::CreateEndpoint, create));
    GH_RETURN_IF_ERROR(file.Write(created.secret()));
  }
  Tell("created", "endpoint", seed.url);
  return absl::OkStatus();
}

}  // namespace gatehouse::service
