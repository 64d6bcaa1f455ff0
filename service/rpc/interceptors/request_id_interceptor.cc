#include "service/rpc/interceptors/request_id_interceptor.h"

#include <algorithm>
#include <string>

#include "base/uuid.h"

namespace gatehouse::service::rpc {
namespace {

// Long enough for every common scheme; what is longer is noise or an attack on
// the log.
constexpr size_t kMaxRequestIdLength = 128;

// 00-<32 hex>-<16 hex>-<2 hex>; later versions may append to it.
constexpr size_t kTraceparentLength = 55;

bool IsPrintable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Decision RequestIdInterceptor::Before(ServerCall& call) {
  const std::optional<std::string_view> given = call.Metadata("x-request-id");
  const bool sane =
      given && !given->empty() && given->size() <= kMaxRequestIdLength && IsPrintable(*given);
  std::string id = sane ? std::string(*given) : base::Uuid::MakeV7(clock_.Now()).ToString();
  call.AddTrailer("x-request-id", id);
  call.context().set_request_id(std::move(id));
  if (const std::optional<std::string_view> parent = call.Metadata("traceparent");
      parent && parent->size() == kTraceparentLength && IsPrintable(*parent)) {
    call.context().set_traceparent(std::string(*parent));
  }
  return Decision::Continue();
}

}  // namespace gatehouse::service::rpc
