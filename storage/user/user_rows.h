#ifndef GATEHOUSE_STORAGE_USER_USER_ROWS_H_
#define GATEHOUSE_STORAGE_USER_USER_ROWS_H_

#include "base/uuid.h"
#include "storage/postgres/client/row.h"
#include "storage/user/user.h"

namespace gatehouse::storage {

// Of columns.sql.part.
inline constexpr int kUserColumns = 23;

// A row of the statements in storage/user/queries that select a whole user.
User DecodeUser(const base::Uuid& tenant_id, postgres::RowView row);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_USER_USER_ROWS_H_
