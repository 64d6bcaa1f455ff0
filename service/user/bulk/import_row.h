#ifndef GATEHOUSE_SERVICE_USER_BULK_IMPORT_ROW_H_
#define GATEHOUSE_SERVICE_USER_BULK_IMPORT_ROW_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/user_import/user_import.h"

namespace gatehouse::v1 {
class ImportFailure;
class ImportedUser;
}  // namespace gatehouse::v1

namespace gatehouse::service {

// The user of a row; INVALID_ARGUMENT with everything that is wrong with it.
absl::StatusOr<storage::NewUser> ReadImportedUser(const base::Uuid& tenant_id,
                                                  const v1::ImportedUser& proto, base::Time now);

// Why a row was not taken.
void ToProto(int64_t row, const absl::Status& status, v1::ImportFailure& out);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_BULK_IMPORT_ROW_H_
