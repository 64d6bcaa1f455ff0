#ifndef GATEHOUSE_STORAGE_SIGNING_KEY_SIGNING_KEY_STORE_H_
#define GATEHOUSE_STORAGE_SIGNING_KEY_SIGNING_KEY_STORE_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/signing_key/signing_key.h"

namespace gatehouse::storage::postgres {
class Database;
}

namespace gatehouse::storage {

// One rotation: what is added, retired and removed together.
struct SigningKeyRotation {
  base::Uuid tenant_id;
  std::optional<SigningKeyRow> add;
  std::vector<std::pair<std::string, base::Time>> retire;
  std::vector<std::string> remove;
};

// The private half of a key, as it was and as it is to be sealed.
struct ResealedKey {
  base::Uuid tenant_id;
  std::string key_id;
  std::string before;
  std::string resealed;
};

// Keys that sign access tokens. Safe on every loop; `database` outlives it.
class SigningKeyStore {
 public:
  explicit SigningKeyStore(postgres::Database& database) : database_(database) {}

  // Of every tenant: a token names its key by id alone.
  base::Task<absl::StatusOr<std::vector<SigningKeyRow>>> List(base::CallContext ctx);

  // All of it or nothing. ABORTED, CONFLICT if another instance has added a key that
  // starts as late in the meantime: list again.
  base::Task<absl::Status> Rotate(base::CallContext ctx, SigningKeyRotation rotation,
                                  Change change);

  // The same private halves under another key, where they are still as they were.
  base::Task<absl::Status> Reseal(base::CallContext ctx, std::vector<ResealedKey> keys,
                                  Change change);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SIGNING_KEY_SIGNING_KEY_STORE_H_
