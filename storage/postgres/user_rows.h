#ifndef GATEHOUSE_STORAGE_POSTGRES_USER_ROWS_H_
#define GATEHOUSE_STORAGE_POSTGRES_USER_ROWS_H_

#include "base/uuid.h"
#include "storage/postgres/client/row.h"
#include "storage/user.h"

namespace gatehouse::storage::postgres {

// A row of the statements in queries/user that select a whole user.
User DecodeUser(const base::Uuid& tenant_id, RowView row);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_USER_ROWS_H_
