#ifndef GATEHOUSE_STORAGE_POSTGRES_EVENT_ROW_H_
#define GATEHOUSE_STORAGE_POSTGRES_EVENT_ROW_H_

#include "base/uuid.h"
#include "storage/event_log.h"
#include "storage/postgres/client/row.h"

namespace gatehouse::storage::postgres {

// Decodes index, event_id, type ... leaf_hash as the statements in
// queries/event_log select them, beginning at column `first`.
LoggedEvent DecodeLoggedEvent(const RowView& row, int first, const base::Uuid& tenant_id);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_EVENT_ROW_H_
