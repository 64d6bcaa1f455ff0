#include "tests/support/postgres/all_queries.h"

#include <span>

#include "storage/postgres/queries/api_key/api_key_queries.h"
#include "storage/postgres/queries/delivery/delivery_queries.h"
#include "storage/postgres/queries/endpoint/endpoint_queries.h"
#include "storage/postgres/queries/event/event_queries.h"
#include "storage/postgres/queries/event_log/event_log_queries.h"
#include "storage/postgres/queries/request/request_queries.h"
#include "storage/postgres/queries/role/role_queries.h"
#include "storage/postgres/queries/session/session_queries.h"
#include "storage/postgres/queries/signing_key/signing_key_queries.h"
#include "storage/postgres/queries/user/user_queries.h"

namespace gatehouse::tests {

using storage::postgres::Query;
namespace queries = storage::postgres::queries;

std::vector<Query> AllQueries() {
  const std::span<const Query> folders[] = {
      queries::api_key::kAll, queries::delivery::kAll,  queries::endpoint::kAll,
      queries::event::kAll,   queries::event_log::kAll, queries::request::kAll,
      queries::role::kAll,    queries::session::kAll,   queries::signing_key::kAll,
      queries::user::kAll,
  };
  std::vector<Query> all;
  for (const std::span<const Query> folder : folders) {
    all.insert(all.end(), folder.begin(), folder.end());
  }
  return all;
}

}  // namespace gatehouse::tests
