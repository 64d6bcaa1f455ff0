#ifndef GATEHOUSE_SERVICE_SESSION_THREAD_THREAD_MESSAGES_H_
#define GATEHOUSE_SERVICE_SESSION_THREAD_THREAD_MESSAGES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/principal.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/common/validate.h"
#include "storage/thread/thread.h"

namespace gatehouse::auth {
enum class Permission : uint8_t;
}

namespace gatehouse::v1 {
class AppendMessagesRequest;
class ThreadMessage;
}  // namespace gatehouse::v1

namespace gatehouse::service {

// Whose threads a request is about; without a user, the caller's. PERMISSION_DENIED if they are
// another user's and the caller lacks `permission`; what else is wrong is left in `checks`.
absl::StatusOr<base::Uuid> ThreadOwner(const base::Principal& principal, const std::string& user_id,
                                       auth::Permission permission, FieldChecks& checks);

// The thread that a request names; without a user, the caller's. PERMISSION_DENIED if it is
// another user's and the caller lacks `permission`; what else is wrong is left in `checks`.
absl::StatusOr<storage::ThreadName> ThreadOf(const base::Principal& principal,
                                             const std::string& user_id,
                                             const std::string& thread_id,
                                             auth::Permission permission, FieldChecks& checks);

// The messages of a request as they are kept, with new ids. What is wrong with them is left in
// `checks`.
std::vector<storage::ThreadMessage> ReadMessages(const v1::AppendMessagesRequest& request,
                                                 const base::Principal& principal, base::Time now,
                                                 FieldChecks& checks);

// INTERNAL if the stored content is no JSON.
absl::Status ToProto(const storage::ThreadMessage& message, v1::ThreadMessage& out);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_THREAD_THREAD_MESSAGES_H_
