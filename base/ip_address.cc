#include "base/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gatehouse::base {
namespace {

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;
// Where IPv4 stands in a mapped address.
constexpr size_t kMappedOffset = 12;
constexpr size_t kIpv6ClientBytes = 8;

constexpr int Bits(const IpAddress& address) { return address.v6 ? 128 : 32; }

}  // namespace

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  IpAddress address;
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
  return std::nullopt;
}

std::optional<IpAddress> IpAddress::FromSockaddr(const sockaddr& address) {
  IpAddress result;
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof(v4));
    std::memcpy(result.bytes.data(), &v4.sin_addr, kIpv4Bytes);
    return result;
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof(v6));
    std::memcpy(result.bytes.data(), &v6.sin6_addr, kIpv6Bytes);
    result.v6 = true;
    return result;
  }
  return std::nullopt;
}

std::string IpAddress::ToString() const {
  std::array<char, INET6_ADDRSTRLEN> text;
  return inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text.data(), text.size());
}

IpAddress IpAddress::Unmapped() const {
  constexpr std::array<uint8_t, kMappedOffset> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!v6 || !std::equal(kMapped.begin(), kMapped.end(), bytes.begin())) return *this;
  IpAddress v4;
  std::copy(bytes.begin() + kMappedOffset, bytes.end(), v4.bytes.begin());
  return v4;
}

std::string IpAddress::ClientKey() const {
  return std::string(reinterpret_cast<const char*>(bytes.data()),
                     v6 ? kIpv6ClientBytes : kIpv4Bytes);
}

std::optional<IpNetwork> IpNetwork::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::Parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  int bits = Bits(*address);
  if (slash != std::string_view::npos) {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, bits);
    if (error != std::errc() || stop != end) return std::nullopt;
  }
  if (bits < 0 || bits > Bits(*address)) return std::nullopt;
  return IpNetwork{*address, bits};
}

bool IpNetwork::Contains(const IpAddress& other) const {
  if (other.v6 != address.v6) return false;
  const auto whole = static_cast<size_t>(prefix_bits / 8);
  if (!std::equal(other.bytes.begin(), other.bytes.begin() + whole, address.bytes.begin())) {
    return false;
  }
  if (prefix_bits % 8 == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - prefix_bits % 8));
  return (other.bytes[whole] & mask) == (address.bytes[whole] & mask);
}

bool InAny(const std::vector<IpNetwork>& networks, const IpAddress& address) {
  return std::ranges::any_of(networks,
                             [&](const IpNetwork& network) { return network.Contains(address); });
}

std::optional<std::vector<IpNetwork>> ParseNetworks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n";
  std::vector<IpNetwork> networks;
  while (true) {
    const size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) return networks;
    text.remove_prefix(begin);
    const std::string_view one = text.substr(0, text.find_first_of(kBlanks));
    const std::optional<IpNetwork> network = IpNetwork::Parse(one);
    if (!network) return std::nullopt;
    networks.push_back(*network);
    text.remove_prefix(one.size());
  }
}

}  // namespace gatehouse::base
