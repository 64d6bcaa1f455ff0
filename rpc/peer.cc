#include "rpc/peer.h"

#include <algorithm>

namespace gatehouse::rpc {
namespace {

// As much as RecordEvent takes; browsers send some 200.
constexpr size_t kMaxUserAgentBytes = 512;

constexpr std::string_view kIpv4 = "ipv4:";
constexpr std::string_view kIpv6 = "ipv6:";

std::string_view Between(std::string_view text, std::string_view open, std::string_view close) {
  if (!text.starts_with(open)) return {};
  const size_t end = text.find(close);
  if (end == std::string_view::npos) return {};
  return text.substr(open.size(), end - open.size());
}

}  // namespace

std::string PeerIp(std::string_view peer) {
  if (peer.starts_with(kIpv4)) {
    peer.remove_prefix(kIpv4.size());
    return std::string(peer.substr(0, peer.rfind(':')));
  }
  if (peer.starts_with(kIpv6)) {
    peer.remove_prefix(kIpv6.size());
    std::string_view address = Between(peer, "%5B", "%5D");
    if (address.empty()) address = Between(peer, "[", "]");
    // A zone ("%25eth0") names an interface of this host, nothing of the peer.
    return std::string(address.substr(0, address.find('%')));
  }
  return {};
}

std::string UserAgent(std::string_view header) {
  std::string text(header.substr(0, kMaxUserAgentBytes));
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace gatehouse::rpc
