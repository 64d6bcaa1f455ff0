#include "rpc/interceptors/recover_interceptor.h"

#include <string>

#include "base/status.h"

namespace gatehouse::rpc {

std::optional<absl::Status> RecoverInterceptor::Recover(ServerCall& call,
                                                        std::exception_ptr exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return base::InternalError(std::string("exception: ") + error.what());
  } catch (...) {
    return base::InternalError("exception that is not a std::exception");
  }
}

}  // namespace gatehouse::rpc
