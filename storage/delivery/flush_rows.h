#ifndef GATEHOUSE_STORAGE_DELIVERY_FLUSH_ROWS_H_
#define GATEHOUSE_STORAGE_DELIVERY_FLUSH_ROWS_H_

#include <chrono>
#include <vector>

#include "base/uuid.h"
#include "storage/delivery/delivery.h"
#include "storage/postgres/client/params.h"

namespace gatehouse::storage {

// Of flush.sql: all of `flush` but its releases and alerts.
postgres::Params FlushParams(const base::Uuid& owner, std::chrono::milliseconds length,
                             const DeliveryFlush& flush);

// Of release_keys.sql.
postgres::Params ReleaseParams(const base::Uuid& owner, const std::vector<OrderRelease>& releases);

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_DELIVERY_FLUSH_ROWS_H_
