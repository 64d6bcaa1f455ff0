#include "rpc/grpc/forwarded_for.h"

#include <ranges>

namespace gatehouse::rpc {
namespace {

// What proxies write: an address, sometimes with its port.
std::optional<base::IpAddress> AddressOf(std::string_view item) {
  while (item.starts_with(' ') || item.starts_with('\t')) item.remove_prefix(1);
  while (item.ends_with(' ') || item.ends_with('\t')) item.remove_suffix(1);
  if (item.starts_with('[')) {
    item = item.substr(1, item.find(']') - 1);
  } else if (const size_t colon = item.find(':'); colon == item.rfind(':')) {
    item = item.substr(0, colon);
  }
  const std::optional<base::IpAddress> address = base::IpAddress::Parse(item);
  if (!address) return std::nullopt;
  return address->Unmapped();
}

}  // namespace

std::optional<base::IpAddress> ForwardedFor(const std::vector<std::string_view>& values,
                                            const std::vector<base::IpNetwork>& trusted) {
  std::optional<base::IpAddress> client;
  for (std::string_view value : std::views::reverse(values)) {
    while (true) {
      const size_t comma = value.rfind(',');
      const std::string_view item =
          comma == std::string_view::npos ? value : value.substr(comma + 1);
      const std::optional<base::IpAddress> address = AddressOf(item);
      // Whoever wrote this is the last one that is known.
      if (!address) return client;
      client = address;
      if (!base::InAny(trusted, *address)) return client;
      if (comma == std::string_view::npos) break;
      value = value.substr(0, comma);
    }
  }
  return client;
}

}  // namespace gatehouse::rpc
