#include "storage/api_key/queries/api_key_queries.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "storage/request/queries/request_queries.h"
#include "storage/role/queries/role_queries.h"
#include "storage/session/queries/session_queries.h"
#include "storage/signing_key/queries/signing_key_queries.h"
#include "storage/user/queries/user_queries.h"
#include "tests/integration/growth/statement_case.h"

namespace gatehouse::tests {
namespace {

void AddUsers(std::vector<StatementCase>& cases) {
  using namespace storage::user::queries;
  const StatementCase added[] = {
      {kGet, "tenant(), id($row)"},
      {kGetByUsername, "tenant(), username($row)"},
      {kGetByEmail, "tenant(), email($row)"},
      {kGetCredentials, "tenant(), username($row)"},
      {kGetCredentials, "tenant(), email($row)"},
      {kGetCredentials, "tenant(), 'nobody'"},
      {kBatchGet, "tenant(), ids($row, 100)"},
      {kLockIdentifiers, "tenant(), ARRAY[username($row), email($row)]"},
      {kCheckIdentifiers, "tenant(), id($row), username($row), email($row)"},
      {kInsert,
       "tenant(), new_id(), 'new', 'new', 'new@example.com', 'new@example.com', '', '', '', '', '',"
       " '', '{}', 'viewer', 1, 'hash', present(), 1, present(), present(), 1"},
      {kUpdate,
       "tenant(), id($row), 1, 'new', 'new', 'new@example.com', 'new@example.com', '', '', '', '',"
       " '', '', '{}', 'viewer', 1, NULL, present(), 1"},
      {kDelete, "tenant(), id($row), 1, present(), present()"},
      {kUndelete, "tenant(), id($row / 50 * 50 + 9), 1, present()"},
      {kSetPassword, "tenant(), id($row), 'new', present(), 1, 'viewer'"},
      {kListAscending, "tenant(), at($row), id($row), false, 51, 3145728"},
      {kListAscending, "tenant(), at($row), id($row), true, 51, 3145728"},
      {kListDescending, "tenant(), at($row), id($row), false, 51, 3145728"},
      {kListDescending, "tenant(), at($row), id($row), true, 51, 3145728"},
      {kListRoleAscending, "tenant(), at($row), id($row), false, 51, 'analyst', NULL, 3145728"},
      {kListRoleAscending, "tenant(), at($row), id($row), false, 51, 'analyst', 2, 3145728"},
      {kListRoleDescending, "tenant(), at($row), id($row), false, 51, 'analyst', NULL, 3145728"},
      {kListRoleDescending, "tenant(), at($row), id($row), false, 51, 'analyst', 2, 3145728"},
      {kListStateAscending, "tenant(), at($row), id($row), false, 51, 2, 3145728"},
      {kListStateDescending, "tenant(), at($row), id($row), false, 51, 2, 3145728"},
      {kListByUsername, "tenant(), username($row), '', chr(1114111), 51, NULL, NULL, 3145728"},
      {kListByUsername,
       "tenant(), '', username($row), username($row) || chr(1114111), 51, NULL, NULL, 3145728"},
      {kListByUsername,
       "tenant(), username($row), 'u', 'u' || chr(1114111), 51, 'viewer', 1, 3145728"},
      {kListByEmail, "tenant(), email($row), '', chr(1114111), 51, NULL, NULL, 3145728"},
      {kListByEmail,
       "tenant(), '', username($row), username($row) || chr(1114111), 51, NULL, NULL, 3145728"},
      {kListByEmail, "tenant(), email($row), 'u', 'u' || chr(1114111), 51, 'viewer', 1, 3145728"},
  };
  cases.insert(cases.end(), std::begin(added), std::end(added));
}

void AddSessions(std::vector<StatementCase>& cases) {
  using namespace storage::session::queries;
  const StatementCase added[] = {
      {kGet, "tenant(), id($row)"},
      {kFindLive, "tenant(), id($row), present()"},
      {kRefreshState, "tenant(), id($row), present()"},
      {kInsert,
       "tenant(), new_id(), id($row), 1, '', 'thread-new', '{}', '', '', '{pwd}', present(),"
       " present(), present(), 1, 99, id(0), NULL, 'too many', $event"},
      {kRotate, "tenant(), id($row), 1, present(), present(), $event"},
      {kUpdate, "tenant(), id($row), 1, '', 'thread-new', '{}', present()"},
      {kRevoke, "tenant(), id($row), present(), 'logout'"},
      {kRevokeByUser, "tenant(), user_of_session($row), NULL, present(), 'logout', 1, 1000"},
      {kListCrowding, "tenant(), user_of_session($row), id(0), present(), 99, 100, 1"},
      {kMarkEnded, "tenant(), 1000"},
      {kRaiseEpoch, "tenant(), id($row), 1"},
      {kCountLiveByUser, "tenant(), user_of_session($row), NULL, present(), 1000"},
      {kUpgradePasswordHash, "tenant(), id($row), 'hash', 'new'"},
      {kList, "tenant(), NULL, false, present(), 51, 3145728"},
      {kList, "tenant(), id($row), false, present(), 51, 3145728"},
      {kList, "tenant(), id($row), true, present(), 51, 3145728"},
      {kListByThread, "tenant(), NULL, true, present(), 51, 'thread-' || $row / 80, 3145728"},
      {kListByThread, "tenant(), id($row), false, present(), 51, 'thread-' || $row / 80, 3145728"},
      {kListByUser, "tenant(), NULL, false, present(), 51, user_of_session($row), NULL, 3145728"},
      {kListByUser,
       "tenant(), id($row), true, present(), 51, user_of_session($row), NULL, 3145728"},
      {kListByUser,
       "tenant(), NULL, false, present(), 51, user_of_session($row), 'thread-' || $row / 80, "
       "3145728"},
  };
  cases.insert(cases.end(), std::begin(added), std::end(added));
}

void AddKeysAndRoles(std::vector<StatementCase>& cases) {
  namespace api_key = storage::api_key::queries;
  namespace role = storage::role::queries;
  namespace signing_key = storage::signing_key::queries;
  const StatementCase added[] = {
      {api_key::kGet, "tenant(), id($row)"},
      {api_key::kFindLive, "tenant(), hash($row), present(), present()"},
      {api_key::kFindLiveById, "tenant(), id($row), present(), present()"},
      {api_key::kInsert, "tenant(), new_id(), '', '', hash(0), '{}', present(), NULL, NULL"},
      {api_key::kList, "tenant(), id($row), false, present(), 51"},
      {api_key::kList, "tenant(), id($row), true, present(), 51"},
      {api_key::kListByCreator, "tenant(), id($row), present(), 1001"},
      {api_key::kRevokeMany, "tenant(), ARRAY[id($row)], present()"},
      {api_key::kRevoke, "tenant(), id($row), present()"},
      {role::kGet, "tenant(), 'role-7'"},
      {role::kRequire, "tenant(), 'role-7'"},
      {role::kUpsert, "tenant(), 'role-7', '{}', present(), present(), 1"},
      {signing_key::kInsert,
       "tenant(), 'new', 'ES256', '', '', present(), present() + interval '1 s'"},
      {signing_key::kLock, "tenant()"},
      {signing_key::kRetire, "tenant(), 'key-1', present()"},
      {signing_key::kDelete, "tenant(), 'key-1'"},
  };
  cases.insert(cases.end(), std::begin(added), std::end(added));
}

void AddRequests(std::vector<StatementCase>& cases) {
  using namespace storage::request::queries;
  const StatementCase added[] = {
      {kFind, "tenant(), principal_of_request($row), id($row)"},
      {kInsert, "tenant(), principal_of_request($row), new_id(), '', '', '', present()"},
      {storage::event_log::queries::kClaimRequests,
       "ARRAY[tenant()], ARRAY[principal_of_request($row)], ARRAY[new_id()], '{m}',"
       " ARRAY[hash(1)], ARRAY[hash(1)], ARRAY[present()]"},
      {kPurge, "tenant(), at($row), 500"},
  };
  cases.insert(cases.end(), std::begin(added), std::end(added));
}

}  // namespace

std::vector<StatementCase> AccountCases() {
  std::vector<StatementCase> cases;
  AddUsers(cases);
  AddSessions(cases);
  AddKeysAndRoles(cases);
  AddRequests(cases);
  return cases;
}

}  // namespace gatehouse::tests
