#include "rpc/grpc/header_values.h"

#include <algorithm>
#include <cstdint>

#include "base/text/encoding.h"

namespace gatehouse::rpc {
namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kLongest = std::chrono::hours(24 * 365);

std::optional<nanoseconds> Unit(char letter) {
  switch (letter) {
    case 'H':
      return std::chrono::hours(1);
    case 'M':
      return std::chrono::minutes(1);
    case 'S':
      return std::chrono::seconds(1);
    case 'm':
      return std::chrono::milliseconds(1);
    case 'u':
      return std::chrono::microseconds(1);
    case 'n':
      return nanoseconds(1);
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<nanoseconds> ParseGrpcTimeout(std::string_view value) {
  constexpr size_t kMaxDigits = 8;
  if (value.size() < 2 || value.size() > kMaxDigits + 1) return std::nullopt;
  const std::optional<nanoseconds> unit = Unit(value.back());
  if (!unit) return std::nullopt;
  value.remove_suffix(1);
  int64_t number = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  if (number > kLongest / *unit) return kLongest;
  return number * *unit;
}

bool IsGrpcContentType(std::string_view value) {
  constexpr std::string_view kGrpc = "application/grpc";
  if (!value.starts_with(kGrpc)) return false;
  value.remove_prefix(kGrpc.size());
  return value.empty() || value.front() == '+' || value.front() == ';';
}

std::string PercentEncode(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (c >= ' ' && c <= '~' && c != '%') {
      encoded.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded.push_back('%');
      encoded.push_back(kHex[byte >> 4]);
      encoded.push_back(kHex[byte & 15]);
    }
  }
  return encoded;
}

std::optional<std::vector<std::string>> DecodeBinaryHeader(std::string_view value) {
  std::vector<std::string> decoded;
  while (true) {
    const size_t comma = value.find(',');
    std::string_view one = value.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    std::optional<std::string> bytes = base::Base64Decode(one);
    if (!bytes) return std::nullopt;
    decoded.push_back(*std::move(bytes));
    if (comma == std::string_view::npos) return decoded;
    value.remove_prefix(comma + 1);
  }
}

std::string EncodeBinaryHeader(std::string_view bytes) {
  std::string encoded = base::Base64Encode(bytes);
  encoded.resize(encoded.find_last_not_of('=') + 1);
  return encoded;
}

}  // namespace gatehouse::rpc
