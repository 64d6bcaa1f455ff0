#ifndef GATEHOUSE_STORAGE_API_KEY_API_KEY_STORE_H_
#define GATEHOUSE_STORAGE_API_KEY_API_KEY_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// A service's credential, without the key and its hash.
struct ApiKey {
  base::Uuid tenant_id;
  base::Uuid id;
  std::string display_name;
  std::string key_prefix;
  std::vector<std::string> permissions;
  base::Time create_time;
  std::optional<base::Time> expire_time;
  std::optional<base::Time> revoke_time;
  std::optional<base::Time> last_used_time;
  // The user or the key that made it; nullopt for those of former versions.
  std::optional<base::Uuid> creator_id = std::nullopt;
  // Good only while the user who made it is.
  bool ends_with_creator = false;
  std::optional<base::Time> rotate_time = std::nullopt;
  // Until when the secret before is good as well.
  std::optional<base::Time> former_expire_time = std::nullopt;

  // Neither revoked nor expired. Its creator, with whom it may end, is not looked at.
  bool IsLive(base::Time now) const { return !revoke_time && (!expire_time || *expire_time > now); }
};

// A key that is good, as it was shown.
struct LiveApiKeyRow {
  // Its expire_time is that of the secret.
  ApiKey key;
  // Of one that ends with the user who made it: the role of that user, and what that permits if it
  // is not a built-in one.
  std::string owner_role = {};
  std::optional<std::vector<std::string>> owner_permissions = std::nullopt;
};

// API keys, in the database. As UserStore in everything else.
class ApiKeyStore {
 public:
  explicit ApiKeyStore(postgres::Database& database) : database_(database) {}

  // UNAUTHENTICATED if its creator is a user who was deleted or a key that was revoked meanwhile.
  base::Task<absl::Status> Create(base::CallContext context, ApiKey key, std::string key_hash,
                                  Change change);

  base::Task<absl::StatusOr<std::optional<ApiKey>>> Get(base::CallContext context,
                                                        base::Uuid tenant_id, base::Uuid id);

  // The key of which this is the SHA-256, if it is good at `now`; notes the use,
  // to the minute. nullopt otherwise.
  base::Task<absl::StatusOr<std::optional<LiveApiKeyRow>>> FindLive(base::CallContext context,
                                                                    base::Uuid tenant_id,
                                                                    std::string key_hash,
                                                                    base::Time now);

  // The same of the key with this id.
  base::Task<absl::StatusOr<std::optional<LiveApiKeyRow>>> FindLiveById(base::CallContext context,
                                                                        base::Uuid tenant_id,
                                                                        base::Uuid id,
                                                                        base::Time now);

  // Newest first, those with ids below `before` (nullopt: all); without
  // `show_ended` only those that are good at `now`.
  base::Task<absl::StatusOr<std::vector<ApiKey>>> List(base::CallContext context,
                                                       base::Uuid tenant_id,
                                                       std::optional<base::Uuid> before,
                                                       bool show_ended, base::Time now,
                                                       int32_t limit);

  // The same of those that `creator_id` made, or a key made that it made.
  base::Task<absl::StatusOr<std::vector<ApiKey>>> ListByCreator(
      base::CallContext context, base::Uuid tenant_id, base::Uuid creator_id,
      std::optional<base::Uuid> before, bool show_ended, base::Time now, int32_t limit);

  // At most `limit` of those good at `now` that end with the user `creator_id`, in any order.
  base::Task<absl::StatusOr<std::vector<ApiKey>>> ListEndingWith(base::CallContext context,
                                                                 base::Uuid tenant_id,
                                                                 base::Uuid creator_id,
                                                                 base::Time now, int32_t limit);

  // Gives it the secret of that prefix and hash; the one before is good until
  // key.former_expire_time. `read`: its rotate_time before. ABORTED, ETAG_MISMATCH if it has
  // another one, or has ended.
  base::Task<absl::Status> Rotate(base::CallContext context, ApiKey key, std::string key_hash,
                                  std::optional<base::Time> read, Change change);

  // ABORTED, ETAG_MISMATCH if it has ended by `now`.
  base::Task<absl::Status> Revoke(base::CallContext context, base::Uuid tenant_id, base::Uuid id,
                                  base::Time now, Change change);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_API_KEY_API_KEY_STORE_H_
