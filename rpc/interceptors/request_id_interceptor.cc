#include "rpc/interceptors/request_id_interceptor.h"

#include <optional>
#include <string>
#include <string_view>

#include "rpc/request_id.h"

namespace gatehouse::rpc {
namespace {

// <2 hex>-<32 hex>-<16 hex>-<2 hex>; versions after 00 may append to it.
constexpr size_t kTraceparentLength = 55;

bool IsLowerHex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

// The part of a W3C traceparent that every version has; nullopt for what is to be
// ignored as if it had not come.
std::optional<std::string_view> ParseTraceparent(std::string_view text) {
  if (text.size() < kTraceparentLength) return std::nullopt;
  const std::string_view rest = text.substr(kTraceparentLength);
  text = text.substr(0, kTraceparentLength);
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  const std::string_view trace_id = text.substr(3, 32);
  const std::string_view parent_id = text.substr(36, 16);
  const std::string_view flags = text.substr(53);
  const bool appended = version != "00" && rest.starts_with('-');
  if (version == "ff" || (!rest.empty() && !appended)) return std::nullopt;
  for (const std::string_view part : {version, trace_id, parent_id, flags}) {
    if (!IsLowerHex(part)) return std::nullopt;
  }
  if (IsZero(trace_id) || IsZero(parent_id)) return std::nullopt;
  return text;
}

}  // namespace

Decision RequestIdInterceptor::Before(ServerCall& call) {
  std::string id = RequestIdOf(call.Metadata("x-request-id"), clock_.Now());
  call.AddTrailer("x-request-id", id);
  call.context().set_request_id(std::move(id));
  const auto parent = ParseTraceparent(call.Metadata("traceparent").value_or(""));
  if (parent) call.context().set_traceparent(std::string(*parent));
  return Decision::Continue();
}

}  // namespace gatehouse::rpc
