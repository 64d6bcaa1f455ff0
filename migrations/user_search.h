#ifndef GATEHOUSE_MIGRATIONS_USER_SEARCH_H_
#define GATEHOUSE_MIGRATIONS_USER_SEARCH_H_

#include <string>

#include "absl/status/statusor.h"
#include "storage/postgres/admin/connection.h"

namespace gatehouse::migrations {

// Makes the index by which ListUsers finds parts of names (storage/user/queries/search.sql), where
// Postgres has the two extensions that it takes and this user may make them. It is no migration:
// no schema version stands or falls by it, and what a database lacks today it may have tomorrow.
//
// Without holding up who writes: CREATE INDEX CONCURRENTLY. What one that was killed left is made
// anew. Returns what was done, or why nothing could be, for the operator; empty if there was
// nothing to do. An error: the connection broke. Under the migration lock.
absl::StatusOr<std::string> MakeUserSearch(storage::postgres::admin::Connection& connection);

}  // namespace gatehouse::migrations

#endif  // GATEHOUSE_MIGRATIONS_USER_SEARCH_H_
