#ifndef GATEHOUSE_STORAGE_EVENT_LOG_EVENT_ROW_H_
#define GATEHOUSE_STORAGE_EVENT_LOG_EVENT_ROW_H_

#include "base/uuid.h"
#include "storage/event_log/event_log.h"
#include "storage/postgres/client/row.h"

namespace gatehouse::storage {

// Decodes index, event_id, type ... has_envelope as the statements in
// storage/event_log/queries select them, beginning at column `first`.
LoggedEvent DecodeLoggedEvent(const postgres::RowView& row, int first, const base::Uuid& tenant_id);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_EVENT_LOG_EVENT_ROW_H_
