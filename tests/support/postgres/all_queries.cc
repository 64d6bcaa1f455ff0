#include "tests/support/postgres/all_queries.h"

#include <span>

#include "storage/api_key/queries/api_key_queries.h"
#include "storage/delivery/queries/delivery_queries.h"
#include "storage/endpoint/queries/endpoint_queries.h"
#include "storage/event_log/queries/event_log_queries.h"
#include "storage/request/queries/request_queries.h"
#include "storage/role/queries/role_queries.h"
#include "storage/session/queries/session_queries.h"
#include "storage/signing_key/queries/signing_key_queries.h"
#include "storage/user/queries/user_queries.h"

namespace gatehouse::tests {

using storage::postgres::Query;
std::vector<Query> AllQueries() {
  const std::span<const Query> folders[] = {
      storage::api_key::queries::kAll,  storage::delivery::queries::kAll,
      storage::endpoint::queries::kAll, storage::event_log::queries::kAll,
      storage::request::queries::kAll,  storage::role::queries::kAll,
      storage::session::queries::kAll,  storage::signing_key::queries::kAll,
      storage::user::queries::kAll,
  };
  std::vector<Query> all;
  for (const std::span<const Query> folder : folders) {
    all.insert(all.end(), folder.begin(), folder.end());
  }
  return all;
}

}  // namespace gatehouse::tests
