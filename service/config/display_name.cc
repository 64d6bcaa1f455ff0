#include "service/config/display_name.h"

#include <cstddef>
#include <string_view>

namespace gatehouse::service::config {

std::string DisplayNameOf(const AuthSettings& auth) {
  if (!auth.display_name.empty()) return auth.display_name;
  constexpr std::string_view kAfterScheme = "://";
  std::string_view name = auth.issuer;
  if (const size_t at = name.find(kAfterScheme); at != std::string_view::npos) {
    name.remove_prefix(at + kAfterScheme.size());
  }
  return std::string(name.substr(0, name.find_first_of(":/?#")));
}

}  // namespace gatehouse::service::config
