#ifndef GATEHOUSE_STORAGE_POSTGRES_CLIENT_CLIENT_ERRORS_H_
#define GATEHOUSE_STORAGE_POSTGRES_CLIENT_CLIENT_ERRORS_H_

#include <string_view>

#include "absl/status/status.h"

namespace gatehouse::storage::postgres {

// The errors that the client itself finds, as Database documents them; also for those
// that queue work in front of it.
absl::Status DeadlineError();
absl::Status CancelledError();
absl::Status UnavailableError();
absl::Status OutcomeUnknownError();
absl::Status ShuttingDownError();
// `limit` names the setting that was hit.
absl::Status OverloadedError(std::string_view limit);

}  // namespace gatehouse::storage::postgres

#endif  // GATEHOUSE_STORAGE_POSTGRES_CLIENT_CLIENT_ERRORS_H_
