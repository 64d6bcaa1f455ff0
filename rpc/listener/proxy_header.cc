#include "rpc/listener/proxy_header.h"

#include <algorithm>
#include <cstdint>

namespace gatehouse::rpc {
namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
// Signature, version and command, family and protocol, length of the rest.
constexpr size_t kFixedBytes = 16;
// Of the rest. Proxies send some hundred bytes, with the client's certificate a little more.
constexpr size_t kMaxRestBytes = 4096;

constexpr uint8_t kLocal = 0x20;
constexpr uint8_t kProxy = 0x21;

constexpr uint8_t kUnspecified = 0x00;
constexpr uint8_t kTcpOverIpv4 = 0x11;
constexpr uint8_t kTcpOverIpv6 = 0x21;

// Two addresses and two ports.
constexpr size_t kIpv4Bytes = 12;
constexpr size_t kIpv6Bytes = 36;

size_t Number(std::string_view two) {
  return static_cast<size_t>(static_cast<uint8_t>(two[0])) << 8 | static_cast<uint8_t>(two[1]);
}

// Whether these are type-length-value triples and nothing else.
bool AreTriples(std::string_view bytes) {
  constexpr size_t kTypeAndLength = 3;
  while (!bytes.empty()) {
    if (bytes.size() < kTypeAndLength) return false;
    const size_t whole = kTypeAndLength + Number(bytes.substr(1));
    if (bytes.size() < whole) return false;
    bytes.remove_prefix(whole);
  }
  return true;
}

base::IpAddress AddressOf(std::string_view bytes, bool v6) {
  base::IpAddress address{.v6 = v6};
  std::copy_n(bytes.begin(), v6 ? 16 : 4, address.bytes.begin());
  return address.Unmapped();
}

}  // namespace

ProxyHeaderReader::Result ProxyHeaderReader::Feed(std::string_view& bytes) {
  if (header_.empty() && !bytes.starts_with(kSignature[0])) return Result::kDone;
  while (!bytes.empty()) {
    const size_t wanted = header_.size() < kFixedBytes
                              ? kFixedBytes
                              : kFixedBytes + Number(std::string_view(header_).substr(14));
    const size_t taken = std::min(bytes.size(), wanted - header_.size());
    header_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    const std::string_view begun = std::string_view(header_).substr(0, kSignature.size());
    if (!kSignature.starts_with(begun)) return Result::kMalformed;
    if (header_.size() < kFixedBytes) return Result::kIncomplete;
    const size_t rest = Number(std::string_view(header_).substr(14));
    if (rest > kMaxRestBytes) return Result::kMalformed;
    if (header_.size() == kFixedBytes + rest) return Parse();
  }
  return Result::kIncomplete;
}

ProxyHeaderReader::Result ProxyHeaderReader::Parse() {
  const auto command = static_cast<uint8_t>(header_[12]);
  const auto family = static_cast<uint8_t>(header_[13]);
  if (command == kLocal) return Result::kDone;
  if (command != kProxy) return Result::kMalformed;
  if (family == kUnspecified) return Result::kDone;
  if (family != kTcpOverIpv4 && family != kTcpOverIpv6) return Result::kMalformed;
  const bool v6 = family == kTcpOverIpv6;
  const size_t address_bytes = v6 ? kIpv6Bytes : kIpv4Bytes;
  const std::string_view rest = std::string_view(header_).substr(kFixedBytes);
  if (rest.size() < address_bytes || !AreTriples(rest.substr(address_bytes))) {
    return Result::kMalformed;
  }
  client_ = AddressOf(rest, v6);
  return Result::kDone;
}

}  // namespace gatehouse::rpc
