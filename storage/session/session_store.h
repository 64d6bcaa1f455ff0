#ifndef GATEHOUSE_STORAGE_SESSION_SESSION_STORE_H_
#define GATEHOUSE_STORAGE_SESSION_SESSION_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "storage/change.h"
#include "storage/freshness.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/second_factor/second_factor.h"
#include "storage/session/session.h"

namespace gatehouse::storage::postgres {
class Database;
}

namespace gatehouse::storage {

// A password hash that was made again under the current parameters. Takes effect only
// while `from` is still the user's hash.
struct PasswordUpgrade {
  std::string from;
  std::string to;
};

// How many live sessions a user may have besides a new one.
struct SessionRoom {
  int64_t others = 0;
  // Sessions with smaller ids have expired.
  base::Uuid since;
  // Which end with the login. nullopt: there must be none too many.
  std::optional<std::vector<base::Uuid>> ended = std::vector<base::Uuid>();
};

// Sessions. Every change takes effect together with its events. Immutable and
// safe on every loop; `database` outlives it.
class SessionStore {
 public:
  explicit SessionStore(postgres::Database& database) : database_(database) {}

  // A login: adds the session and sets the user's last_login_time. UNAUTHENTICATED,
  // LOGIN_FAILED if the user may no longer log in or its epoch is not
  // `user_epoch` any more. ABORTED, CONFLICT if there is no room, or one of those that make
  // room has ended already. By default there is room. `factor`: LOGIN_FAILED if it was used
  // before. `token`: what permits the login and is used up by it; ONE_TIME_TOKEN_INVALID.
  base::Task<absl::Status> Create(base::CallContext ctx, Session session, int64_t user_epoch,
                                  std::optional<PasswordUpgrade> upgrade, Change change,
                                  SessionRoom room = {},
                                  std::optional<SecondFactorUse> factor = std::nullopt,
                                  std::optional<OneTimeTokenKey> token = std::nullopt);

  // The live sessions of a user that are too many for another one, a hundred at most.
  base::Task<absl::StatusOr<std::vector<base::Uuid>>> ListCrowding(
      base::CallContext ctx, base::Uuid tenant_id, base::Uuid user_id, int64_t user_epoch,
      SessionRoom room, base::Time now);

  // nullopt if there is none.
  base::Task<absl::StatusOr<std::optional<Session>>> Get(base::CallContext ctx,
                                                         base::Uuid tenant_id, base::Uuid id);

  // nullopt if the session or its user is not live at `now`.
  base::Task<absl::StatusOr<std::optional<LiveSessionRow>>> FindLive(base::CallContext ctx,
                                                                     base::Uuid tenant_id,
                                                                     base::Uuid id, base::Time now);

  struct ListQuery {
    base::Uuid tenant_id;
    // All users' without it.
    std::optional<base::Uuid> user_id;
    // Not empty, if given.
    std::optional<std::string> thread_id;
    bool show_ended = false;
    // Sessions with a smaller id than this, newest first.
    std::optional<base::Uuid> before;
    int64_t limit = 0;
    // Of contexts; the last session returned may go beyond it.
    int64_t max_bytes = 0;
    base::Time now;
    Freshness freshness = Freshness::kNow;
  };
  struct Page {
    std::vector<Session> sessions;
    // Fewer than `limit`, and than there are, because of max_bytes.
    bool cut = false;
  };
  base::Task<absl::StatusOr<Page>> List(base::CallContext ctx, ListQuery query);

  // Sets label, thread_id and context. ABORTED, ETAG_MISMATCH if the session's
  // version is not session.version any more or it was revoked.
  base::Task<absl::Status> Update(base::CallContext ctx, Session session, Change change);

  // One compare-and-swap of the generation. ABORTED, CONFLICT if the session is not
  // live or its generation is not `generation`: FindRefreshState tells which.
  base::Task<absl::StatusOr<TokenGrant>> Rotate(base::CallContext ctx, base::Uuid tenant_id,
                                                base::Uuid id, int64_t generation, base::Time now,
                                                base::Time idle_expire_time, Change change);

  // Sets amr and auth_time of a session to what its user has proven anew, and uses that up; what
  // its tokens are made of then. ABORTED, ETAG_MISMATCH if its version is not session.version any
  // more; UNAUTHENTICATED if it or its user is not live; LOGIN_FAILED if `factor` was used before.
  base::Task<absl::StatusOr<TokenGrant>> StepUp(base::CallContext ctx, Session session,
                                                std::optional<SecondFactorUse> factor,
                                                Change change);

  // nullopt if there is no such session.
  base::Task<absl::StatusOr<std::optional<RefreshState>>> FindRefreshState(base::CallContext ctx,
                                                                           base::Uuid tenant_id,
                                                                           base::Uuid id,
                                                                           base::Time now);

  // Ends a session and returns it as it is then. nullopt, and nothing is
  // written, if it had ended already or does not exist.
  base::Task<absl::StatusOr<std::optional<Session>>> Revoke(base::CallContext ctx,
                                                            base::Uuid tenant_id, base::Uuid id,
                                                            std::string reason, base::Time now,
                                                            Change change);

  struct Revoked {
    // All of them with `except`, else at most kMarkedAtOnce: the epoch speaks for the others.
    std::vector<base::Uuid> session_ids;
    // The user's epoch, raised if no session was excepted.
    int64_t epoch = 0;
  };

  // Ends the live sessions of a user, save `except`. Without `except` the epoch is
  // raised too: a login whose password was verified before cannot end well after it.
  // nullopt, and nothing is written, if none was live. NOT_FOUND, USER_NOT_FOUND if
  // there is no such user.
  base::Task<absl::StatusOr<std::optional<Revoked>>> RevokeByUser(
      base::CallContext ctx, base::Uuid tenant_id, base::Uuid user_id,
      std::optional<base::Uuid> except, std::string reason, base::Time now, Change change);

  // How many RevokeByUser would return.
  base::Task<absl::StatusOr<int64_t>> CountLiveByUser(base::CallContext ctx, base::Uuid tenant_id,
                                                      base::Uuid user_id,
                                                      std::optional<base::Uuid> except,
                                                      base::Time now);

  // Replaces the hash of a user's password by another one of the same password. ABORTED, CONFLICT,
  // and nothing is written, if it is not `upgrade.from` any more.
  base::Task<absl::Status> UpgradePassword(base::CallContext ctx, base::Uuid tenant_id,
                                           base::Uuid user_id, PasswordUpgrade upgrade,
                                           Change change);
  // What does not count any more of a user.
  struct Ended {
    base::Uuid user_id;
    // Access tokens of a lower one are dead.
    int64_t epoch = 0;
    // Those that were ended since.
    std::vector<base::Uuid> session_ids;
  };

  // Of each of `user_ids` that there is, deleted or not, and the sessions ended after `since`.
  base::Task<absl::StatusOr<std::vector<Ended>>> ListEnded(base::CallContext ctx,
                                                           base::Uuid tenant_id,
                                                           std::vector<base::Uuid> user_ids,
                                                           base::Time since);

  // Marks some sessions that ended with others of their user. False if none are left.
  base::Task<absl::StatusOr<bool>> MarkEnded(base::CallContext ctx, base::Uuid tenant_id);

 private:
  postgres::Database& database_;
};

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_SESSION_SESSION_STORE_H_
