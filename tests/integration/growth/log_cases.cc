#include "storage/delivery/queries/delivery_queries.h"
#include "storage/endpoint/queries/endpoint_queries.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "storage/signing_key/queries/signing_key_queries.h"
#include "tests/integration/growth/statement_case.h"

namespace gatehouse::tests {
namespace {

// What the sequencer has to order: ten events.
constexpr char kNewEvents[] = R"sql(
  SELECT sample.add_events(10);
  SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true))sql";

// Without it the entries of events that earlier cases rolled back lie above the cursor.
constexpr char kUpToDate[] = R"sql(
  UPDATE gatehouse.sequencer SET snapshot = pg_current_snapshot();
  SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true))sql";

// The 24th endpoint has no exceptions, which would be deleted with its delivery.
constexpr char kWithoutDelivery[] =
    "DELETE FROM gatehouse.endpoint_delivery WHERE endpoint_id = sample.endpoint_id(24)";

// Lists with terms that no index serves look at 500 entries here, not at 5000 as the server does,
// so that there are as many in the small tables.
void AddLists(std::vector<StatementCase>& cases) {
  using namespace storage::event_log::queries;
  const StatementCase added[] = {
      {kListAsc,
       "tenant(), $row, rows(), 51, 51, 0, '-infinity', 'infinity', '', false, '', 3145728"},
      {kListAsc,
       "tenant(), $row, rows(), 500, 51, 1, '-infinity', 'infinity', 'type.', true, '', 3145728"},
      {kListDesc, "tenant(), 1, $row, 51, 51, 0, '-infinity', 'infinity', '', false, '', 3145728"},
      {kListDesc,
       "tenant(), 1, $row, 500, 51, 1, '-infinity', at($row), 'type.', true, '', 3145728"},
      {kListByActorAsc,
       "tenant(), 1, rows(), 51, 51, 0, '-infinity', 'infinity', '', false, '', 3145728,"
       " 'actor-' || $row / 40"},
      {kListByActorAsc,
       "tenant(), $row, rows(), 51, 51, 0, '-infinity', 'infinity', '', false, '', 3145728,"
       " 'busy-2'"},
      {kListByActorDesc,
       "tenant(), 1, rows(), 51, 51, 0, '-infinity', 'infinity', '', false, '', 3145728,"
       " 'actor-' || $row / 40"},
      {kListByActorDesc,
       "tenant(), 1, $row, 500, 51, 0, '-infinity', 'infinity', 'type.2', false, '', 3145728,"
       " 'busy-2'"},
      {kListByTargetAsc,
       "tenant(), 1, rows(), 51, 51, 0, '-infinity', 'infinity', '', false, '', 3145728,"
       " 'target-' || $row / 20"},
      {kListByTargetAsc,
       "tenant(), $row, rows(), 51, 51, 0, '-infinity', 'infinity', '', false, '', 3145728,"
       " 'busy'"},
      {kListByTargetDesc,
       "tenant(), 1, rows(), 51, 51, 0, '-infinity', 'infinity', '', false, '', 3145728,"
       " 'target-' || $row / 20"},
      {kListByTargetDesc,
       "tenant(), 1, $row, 51, 51, 0, '-infinity', 'infinity', '', false, '', 3145728, 'busy'"},
      {kListByTypeAsc,
       "tenant(), $row, rows(), 51, 51, 0, '-infinity', 'infinity', 'type.1', false, '', 3145728,"
       " 'type.1'"},
      {kListByTypeAsc,
       "tenant(), $row, rows(), 51, 51, 0, '-infinity', 'infinity', 'rare', false, '', 3145728,"
       " 'rare'"},
      {kListByTypeDesc,
       "tenant(), 1, $row, 51, 51, 0, '-infinity', 'infinity', 'type.1', false, '', 3145728,"
       " 'type.1'"},
      {kListByTypeDesc,
       "tenant(), 1, $row, 51, 51, 0, '-infinity', 'infinity', 'rare', false, '', 3145728,"
       " 'rare'"},
  };
  cases.insert(cases.end(), std::begin(added), std::end(added));
}

void AddLog(std::vector<StatementCase>& cases) {
  using namespace storage::event_log::queries;
  const StatementCase added[] = {
      {storage::event_log::queries::kInsert, "$event"},
      {kGet, "tenant(), id($row)"},
      {kGetIndex, "tenant(), id($row)"},
      {kGetHead, "tenant()"},
      {kReadRange, "tenant(), $row, $row + 100, 100, '{}', '{}', 3145728"},
      {kReadRange, "tenant(), $row, $row + 500, 100, '{type.1}', '{nothing.}', 3145728"},
      {kReadEntries, "tenant(), $row, $row + 100, 100, '{}', '{}'"},
      {kReadEntries, "tenant(), $row, $row + 500, 100, '{type.1}', '{}'"},
      {kPreparePass, ""},
      {kSequence, "1000, 'instance'", kNewEvents},
      {kProgress, "''"},
      {kProgress, "pg_current_snapshot()::text", kUpToDate},
      {kWakeSequencer, "'instance'"},
  };
  cases.insert(cases.end(), std::begin(added), std::end(added));
}

void AddDeliveries(std::vector<StatementCase>& cases) {
  using namespace storage::delivery::queries;
  const StatementCase added[] = {
      {kAdvanceFanout, "tenant(), 1, rows()"},
      {kMarkBehind, "tenant(), 1, ARRAY[endpoint_id(1)], ARRAY[rows()], ARRAY[NULL::bigint]"},
      {kLease, "endpoint_id(0), 1000, ARRAY[tenant()], ARRAY[endpoint_id(1)], ARRAY[rows()]"},
      {kLeaseDue, "endpoint_id(0), 1000, present(), ARRAY[tenant()], ARRAY[endpoint_id(1)], 10"},
      {kRelease, "ARRAY[tenant()], ARRAY[endpoint_id(1)], ARRAY[1], ARRAY[rows()], ARRAY[true]"},
      {kAnnounce, "endpoint_id(0), 1"},
      {kWithdraw, "endpoint_id(0), 1"},
      {kFreeGone, "endpoint_id(1)"},
      // One attempt that failed, and one exception that is settled.
      {kFlush,
       "endpoint_id(0), 1000, ARRAY[tenant()], ARRAY[endpoint_id(1)], ARRAY[1], ARRAY[rows()],"
       " ARRAY[5], ARRAY[present()], ARRAY[0], ARRAY[false], ARRAY[present()], ARRAY[present()],"
       " ARRAY[present()], ARRAY[0], ARRAY[1], ARRAY[rows() + 1], ARRAY[new_id()],"
       " ARRAY[new_id()], ARRAY['type'], ARRAY[present()], ARRAY[1], ARRAY[500],"
       " ARRAY['status'], ARRAY[''], ARRAY[1], ARRAY[rows() + 1], ARRAY[new_id()],"
       " ARRAY['type'], ARRAY[1], ARRAY[present()], ARRAY[2], ARRAY[1], ARRAY[$row]"},
      {kRelease, "ARRAY[tenant()], ARRAY[endpoint_id(19)], ARRAY[1], ARRAY[rows()], ARRAY[true]"},
      {kListExceptions, "tenant(), endpoint_id(1), ARRAY[$row], 100"},
      {kListExceptions, "tenant(), endpoint_id(19), ARRAY[$row], 100"},
      {kListDeliveries, "tenant(), endpoint_id(1), NULL, 51, false, 1048576, 3145728"},
      {kListDeliveries, "tenant(), endpoint_id(1), $row, 51, false, 1048576, 3145728"},
      {kListDeliveries, "tenant(), endpoint_id(1), $row, 51, true, 1048576, 3145728"},
      {kListFailedDeliveries, "tenant(), endpoint_id(1), NULL, 51, 2, 1048576, 3145728"},
      {kListFailedDeliveries, "tenant(), endpoint_id(1), $row, 51, 2, 1048576, 3145728"},
      {kListFailedDeliveries, "tenant(), endpoint_id(1), $row, 51, 3, 1048576, 3145728"},
  };
  cases.insert(cases.end(), std::begin(added), std::end(added));
}

void AddEndpoints(std::vector<StatementCase>& cases) {
  using namespace storage::endpoint::queries;
  const StatementCase added[] = {
      {kGet, "tenant(), endpoint_id(1)"},
      {kList, "tenant(), NULL, 51"},
      {kList, "tenant(), endpoint_id(12), 51"},
      {kInsert,
       "tenant(), new_id(), 'https://example.com', '{*}', '', '', '{a}', 1000, 1, 1, '', '{}',"
       " present(), present(), 1, 1000"},
      {kInsertDelivery, "tenant(), endpoint_id(24), NULL", kWithoutDelivery},
      {kInsertFanout, "tenant()"},
      {kUpdate,
       "tenant(), endpoint_id(1), 1, 'https://example.com', '{*}', '', '', '{a}', 1000, 1, 2, '',"
       " '{}', present()"},
      {kDisable, "tenant(), endpoint_id(1), 1, 'gone', present()"},
      {kResetHealth, "tenant(), endpoint_id(1), present()"},
      {kHastenExceptions, "tenant(), endpoint_id(1), present() - interval '1 day'"},
      {kDeleteDelivery, "tenant(), endpoint_id(24)"},
      {kDelete, "tenant(), endpoint_id(24), NULL", kWithoutDelivery},
  };
  cases.insert(cases.end(), std::begin(added), std::end(added));
}

}  // namespace

std::vector<StatementCase> LogCases() {
  std::vector<StatementCase> cases;
  AddLists(cases);
  AddLog(cases);
  AddDeliveries(cases);
  AddEndpoints(cases);
  return cases;
}

std::vector<Exception> Exceptions() {
  return {
      {storage::endpoint::queries::kListAll,
       "reads every endpoint, at the start: a tenant has so many at most"},
      {storage::event_log::queries::kListHeads, "reads a row per tenant"},
      {storage::delivery::queries::kListFanouts, "reads a row per tenant"},
      {storage::signing_key::queries::kList, "reads every signing key: a few live at a time"},
      {storage::event_log::queries::kCreatePartition, "makes a table, once a day"},
      {storage::event_log::queries::kSealPartition, "closes a table, once a day"},
      {storage::event_log::queries::kReset,
       "orders what a restored database holds, once, when an operator asks for it"},
  };
}

}  // namespace gatehouse::tests
