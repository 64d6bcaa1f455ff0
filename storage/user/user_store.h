#ifndef GATEHOUSE_STORAGE_USER_USER_STORE_H_
#define GATEHOUSE_STORAGE_USER_USER_STORE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "base/reason.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/change.h"
#include "storage/freshness.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/user/user.h"

namespace gatehouse::storage {

namespace postgres {
class Database;
}

// A search that more users match is refused: they would all be read for each page.
inline constexpr int64_t kMaxSearchMatches = 1'000;

// Which users to list, in which order, from where.
struct UserListing {
  enum class Order { kNewestFirst, kOldestFirst, kUsername, kEmail };

  base::Uuid tenant_id;
  Order order = Order::kNewestFirst;
  // For kUsername and kEmail: only keys that begin with it.
  std::string key_prefix;
  // For kUsername: only those of whom it is a part of the username, the address or the name.
  // Without `key_prefix`.
  std::optional<std::string> search;
  std::optional<std::string> role;
  std::optional<UserState> state;
  // For the orders by time, without `state`.
  bool show_deleted = false;
  // The last user of the page before: by time or by key.
  std::optional<base::Time> after_time;
  base::Uuid after_id;
  std::string after_key;
  int32_t limit = 0;
  // Of metadata; the last user returned may go beyond it.
  int64_t max_bytes = 0;
  Freshness freshness = Freshness::kNow;
};

struct UserPage {
  std::vector<User> users;
  // Fewer than `limit`, and than there are, because of max_bytes.
  bool cut = false;
  // Of a search: more match than are looked at, so `users` may lack any.
  bool too_many = false;
};

// Whether users can be searched for a text.
struct UserSearch {
  // What is searched by is there; not every Postgres has it.
  bool available = false;
  // It has three letters or digits in a row, by which it is found.
  bool has_letters = false;
};

// Accounts, in the database. Stateless; outlived by the database; methods on
// the loop of their context.
//
// Every change takes its events and its idempotency key along in one batch: all
// of it takes effect or none does. A batch whose key was used before fails with
// ALREADY_EXISTS: the first answer is in IdempotencyStore.
class UserStore {
 public:
  explicit UserStore(postgres::Database& database) : database_(database) {}

  // ALREADY_EXISTS: USERNAME_TAKEN, EMAIL_TAKEN, ID_TAKEN. NOT_FOUND, ROLE_NOT_FOUND. `token`: by
  // which the user gets a password.
  base::Task<absl::Status> Create(base::CallContext context, User user,
                                  std::optional<std::string> password_hash, Change change,
                                  std::optional<OneTimeToken> token = std::nullopt);

  // Also a soft-deleted one. nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<User>>> Get(base::CallContext context,
                                                      base::Uuid tenant_id, base::Uuid id);
  // nullopt for deleted users as well.
  base::Task<absl::StatusOr<std::optional<User>>> GetByUsernameKey(base::CallContext context,
                                                                   base::Uuid tenant_id,
                                                                   std::string key);
  base::Task<absl::StatusOr<std::optional<User>>> GetByEmailKey(base::CallContext context,
                                                                base::Uuid tenant_id,
                                                                std::string key);
  // Those that exist and are not deleted, in any order.
  base::Task<absl::StatusOr<std::vector<User>>> BatchGet(base::CallContext context,
                                                         base::Uuid tenant_id,
                                                         std::vector<base::Uuid> ids);
  // At most `limit`, in the order asked for. A search is to be one that SearchFor says can be made.
  base::Task<absl::StatusOr<UserPage>> List(base::CallContext context, UserListing listing);
  base::Task<absl::StatusOr<UserSearch>> SearchFor(base::CallContext context, std::string text);

  // Writes every field that can be changed if the version is still
  // `user.version`, and raises it. With `end_sessions` (one of
  // revoke_reasons) the user's sessions end and its epoch is
  // raised. Returns the epoch. ABORTED, ETAG_MISMATCH if the user was changed or
  // deleted meanwhile; USERNAME_TAKEN, EMAIL_TAKEN, ROLE_NOT_FOUND. `token`: what permits it and
  // is used up by it; ONE_TIME_TOKEN_INVALID.
  base::Task<absl::StatusOr<int64_t>> Update(base::CallContext context, User user,
                                             std::optional<std::string> end_sessions, Change change,
                                             std::optional<OneTimeTokenKey> token = std::nullopt);

  // The API keys that a user made, and keys made with these, as far as they are good.
  struct MadeKeys {
    std::vector<base::Uuid> ids;
    // Whether they end with the user.
    bool end = false;
  };

  // Soft-deletes at `user.delete_time` and ends the user's sessions. ETAG_MISMATCH also if `keys`
  // are not all that there are by then. Otherwise as Update.
  base::Task<absl::StatusOr<int64_t>> Delete(base::CallContext context, User user, Change change,
                                             std::optional<MadeKeys> keys = std::nullopt);

  // Takes a deletion back at `user.update_time`. ABORTED, ETAG_MISMATCH if the user was changed
  // meanwhile; USERNAME_TAKEN, EMAIL_TAKEN, ROLE_NOT_FOUND.
  base::Task<absl::Status> Undelete(base::CallContext context, User user, Change change);

  // How many of the passwords that a user has had last are remembered, the one it has among them;
  // 0 and 1: no other. Older ones go with the next change.
  enum class PasswordHistory : int64_t {};

  // Hashes of at most that many, newest first.
  base::Task<absl::StatusOr<std::vector<std::string>>> LastPasswords(base::CallContext context,
                                                                     base::Uuid tenant_id,
                                                                     base::Uuid id,
                                                                     PasswordHistory history);

  // Returns the epoch, raised unless sessions are kept. ABORTED, CONFLICT if the
  // user was deleted or is no longer of the role `expected_role`. `token`: as in Update.
  base::Task<absl::StatusOr<int64_t>> SetPassword(
      base::CallContext context, base::Uuid tenant_id, base::Uuid id, std::string expected_role,
      std::string password_hash, bool keep_sessions, PasswordHistory history, base::Time now,
      Change change, std::optional<OneTimeTokenKey> token = std::nullopt);

  // A password in the place of another one, by who knows that.
  struct PasswordExchange {
    // Hashes. ABORTED, CONFLICT if the user has not the password `from` any more.
    std::string from;
    std::string to;
    // Every session but this one ends; nullopt: none does.
    std::optional<base::Uuid> only_session;
    PasswordHistory history = {};
  };
  // Returns the ids of the sessions that ended.
  base::Task<absl::StatusOr<std::vector<base::Uuid>>> ChangePassword(base::CallContext context,
                                                                     base::Uuid tenant_id,
                                                                     base::Uuid id,
                                                                     PasswordExchange exchange,
                                                                     base::Time now, Change change);

  // Hashes of passwords by which users may log in, of all tenants: some hundreds at most, drawn at
  // random from a few pages, however many there are.
  base::Task<absl::StatusOr<std::vector<std::string>>> SamplePasswords(base::CallContext context);

  // `login_key`: the caseless key of a username or email address. nullopt if
  // nobody has it.
  base::Task<absl::StatusOr<std::optional<UserCredentials>>> GetCredentials(
      base::CallContext context, base::Uuid tenant_id, std::string login_key);

 private:
  postgres::Database& database_;
};

// ALREADY_EXISTS: `what` belongs to another user. What UserStore answers when an index
// finds it, and who checks without writing.
absl::Status Taken(std::string_view what, base::Reason reason);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_USER_USER_STORE_H_
