#include "rpc/request_id.h"

#include <algorithm>

#include "base/uuid.h"

namespace gatehouse::rpc {
namespace {

// Long enough for every common scheme; what is longer is noise or an attack on the log.
constexpr size_t kMaxBytes = 128;

bool IsPrintable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

std::string RequestIdOf(std::optional<std::string_view> sent, base::Time now) {
  if (sent && !sent->empty() && sent->size() <= kMaxBytes && IsPrintable(*sent)) {
    return std::string(*sent);
  }
  return base::Uuid::MakeV7(now).ToString();
}

}  // namespace gatehouse::rpc
