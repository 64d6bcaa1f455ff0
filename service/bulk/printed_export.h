#ifndef GATEHOUSE_SERVICE_BULK_PRINTED_EXPORT_H_
#define GATEHOUSE_SERVICE_BULK_PRINTED_EXPORT_H_

#include <ostream>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/async/loop.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "rpc/method/message_stream.h"

namespace gatehouse::service {

class UserService;

// Writes the records that ExportUser streams as JSON, one a line. `user`: an id, a username or an
// email address. Blocks; not on a loop's thread. NOT_FOUND, USER_NOT_FOUND.
absl::Status PrintExport(UserService& users, base::Loop& loop, const base::CallContext& ctx,
                         const std::string& user, std::ostream& out);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_BULK_PRINTED_EXPORT_H_
