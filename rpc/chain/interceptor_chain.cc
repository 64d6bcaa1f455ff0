#include "rpc/chain/interceptor_chain.h"

#include <exception>
#include <optional>
#include <utility>

#include "base/status.h"

namespace gatehouse::rpc {

base::Task<absl::Status> InterceptorChain::Run(ServerCall& call, CallBody& body) const {
  size_t entered = 0;
  absl::Status status;
  std::exception_ptr exception;
  try {
    while (status.ok() && entered < links_.size()) {
      Decision decision = links_[entered]->Before(call);
      if (base::Task<absl::Status>* task = decision.task()) {
        status = co_await std::move(*task);
      } else {
        status = std::move(decision).status();
      }
      if (status.ok()) ++entered;
    }
    if (status.ok()) status = co_await body.RunHandler();
    for (size_t i = status.ok() ? 0 : entered; i-- > 0;) {
      if (std::optional<base::Task<void>> task = links_[i]->OnError(call, status)) {
        co_await *std::move(task);
      }
    }
    status = body.ResolveOutcome(std::move(status));
  } catch (...) {
    exception = std::current_exception();
    status = base::InternalError("an exception was thrown");
  }
  for (size_t i = entered; i-- > 0;) {
    if (exception) {
      if (std::optional<absl::Status> recovered = links_[i]->Recover(call, exception)) {
        status = *std::move(recovered);
        exception = nullptr;
      }
    }
    links_[i]->After(call, status);
  }
  co_return status;
}

std::vector<std::string_view> InterceptorChain::names() const {
  std::vector<std::string_view> names;
  for (const std::unique_ptr<Interceptor>& link : links_) names.push_back(link->name());
  return names;
}

}  // namespace gatehouse::rpc
