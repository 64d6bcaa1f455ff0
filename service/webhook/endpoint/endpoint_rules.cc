#include "service/webhook/endpoint/endpoint_rules.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "base/status.h"
#include "base/text/ascii.h"
#include "base/text/domain_name.h"
#include "service/common/event_type.h"

namespace gatehouse::service {
namespace {

constexpr size_t kMaxUrlBytes = 2048;
constexpr size_t kMaxHostBytes = 253;  // RFC 1035, in text.
constexpr size_t kMaxLabelBytes = 63;
constexpr size_t kMaxHeaders = 16;
constexpr size_t kMaxHeaderNameBytes = 64;
constexpr size_t kMaxHeaderValueBytes = 1024;
constexpr size_t kMaxPatterns = 64;

// Names that say how the message is framed, where it goes or who signed it.
constexpr std::string_view kOwnedHeaders[] = {
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
};
constexpr std::string_view kOwnedHeaderPrefixes[] = {"webhook-", "proxy-", "sec-", "x-forwarded-"};

bool IsUrlCharacter(char c) {
  return c > 0x20 && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
}

absl::Status UrlError(std::string_view what) {
  return base::InvalidField("endpoint.url", what, base::Reason::kUrlNotAllowed);
}

bool IsLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxLabelBytes && label.front() != '-' &&
         label.back() != '-' && std::ranges::all_of(label, [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
         });
}

absl::Status CheckAddress(const delivery::IpAddress& address, const UrlPolicy& policy) {
  if (policy.guard.Allows(address)) return absl::OkStatus();
  return UrlError("the address " + address.ToString() +
                  " is not globally reachable and the server's configuration does not allow it");
}

absl::Status CheckHostName(std::string_view host, const UrlPolicy& policy) {
  if (host.empty() || host.size() > kMaxHostBytes) return UrlError("the host is missing or long");
  if (host.ends_with('.')) return UrlError("the host must not end with a dot");
  std::string_view last;
  int labels = 0;
  for (size_t begin = 0; begin <= host.size();) {
    const size_t end = std::min(host.find('.', begin), host.size());
    last = host.substr(begin, end - begin);
    if (!IsLabel(last)) return UrlError("the host is not a DNS name");
    ++labels;
    begin = end + 1;
  }
  // "0x7f000001", "127.1", "0177.0.0.1": resolvers take them for addresses.
  if (absl::ascii_isdigit(static_cast<unsigned char>(last.front()))) {
    return UrlError("the host looks like an address but is not in its usual form");
  }
  // A name of one label depends on the machine's search domains.
  if (labels == 1 && !policy.guard.allows_private_networks()) {
    return UrlError("the host has no dot: give its full name");
  }
  return absl::OkStatus();
}

// Requests and certificates have the ASCII form alone, so that is what is to be written; here
// it is said what it would be.
absl::Status CheckHostIsAscii(std::string_view url) {
  const size_t begin = url.find("://");
  if (begin == std::string_view::npos) return absl::OkStatus();
  const std::string_view rest = url.substr(begin + 3);
  const std::string_view host = rest.substr(0, rest.find_first_of("/?#:"));
  if (absl::c_all_of(host, absl::ascii_isascii)) return absl::OkStatus();
  const std::optional<base::DomainName> name = base::ParseDomainName(host);
  if (!name) return UrlError("the host is not a DNS name");
  return UrlError("the host must be written in ASCII (punycode): " + name->ascii);
}

absl::Status CheckPort(std::string_view port) {
  int number = 0;
  const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || stop != port.data() + port.size() || number < 1 || number > 65535) {
    return UrlError("the port must be a number from 1 to 65535");
  }
  return absl::OkStatus();
}

absl::Status CheckAuthority(std::string_view authority, const UrlPolicy& policy) {
  if (authority.find('@') != std::string_view::npos) {
    return UrlError("must not hold credentials; use a header");
  }
  size_t host_end;
  if (authority.starts_with('[')) {
    host_end = authority.find(']');
    if (host_end == std::string_view::npos) return UrlError("the IPv6 address is malformed");
    const std::optional<delivery::IpAddress> address =
        delivery::IpAddress::Parse(authority.substr(1, host_end - 1));
    if (!address || !address->v6) return UrlError("the IPv6 address is malformed");
    GH_RETURN_IF_ERROR(CheckAddress(*address, policy));
    ++host_end;
  } else {
    host_end = std::min(authority.find(':'), authority.size());
    const std::string_view host = authority.substr(0, host_end);
    if (const std::optional<delivery::IpAddress> address = delivery::IpAddress::Parse(host)) {
      GH_RETURN_IF_ERROR(CheckAddress(*address, policy));
    } else {
      GH_RETURN_IF_ERROR(CheckHostName(host, policy));
    }
  }
  const std::string_view rest = authority.substr(host_end);
  if (rest.empty()) return absl::OkStatus();
  if (rest.front() != ':') return UrlError("the host is malformed");
  return CheckPort(rest.substr(1));
}

bool IsHeaderNameCharacter(char c) {
  // RFC 9110 tchar.
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

absl::Status CheckHeader(const std::string& name, const std::string& value) {
  const std::string field = "endpoint.headers[\"" + name.substr(0, kMaxHeaderNameBytes) + "\"]";
  if (name.empty() || name.size() > kMaxHeaderNameBytes ||
      !std::ranges::all_of(name, IsHeaderNameCharacter)) {
    return base::InvalidField("endpoint.headers", "a name is not an HTTP token of 1 to 64 bytes");
  }
  const auto is_name = [&](std::string_view owned) {
    return base::EqualsIgnoringCase(name, owned);
  };
  const auto begins_name = [&](std::string_view prefix) {
    return base::StartsWithIgnoringCase(name, prefix);
  };
  if (std::ranges::any_of(kOwnedHeaders, is_name) ||
      std::ranges::any_of(kOwnedHeaderPrefixes, begins_name)) {
    return base::InvalidField(field, "is set by the server");
  }
  // The value itself may be a credential: it is not repeated in the error.
  if (value.empty() || value.size() > kMaxHeaderValueBytes ||
      !std::ranges::all_of(value, [](char c) { return c >= 0x20 && c < 0x7f; }) ||
      value.front() == ' ' || value.back() == ' ') {
    return base::InvalidField(field,
                              "must be 1 to 1,024 bytes of visible ASCII without outer spaces");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckEndpointUrl(std::string_view url, const UrlPolicy& policy) {
  if (url.empty()) return UrlError("is required");
  if (url.size() > kMaxUrlBytes) return UrlError("is longer than 2,048 bytes");
  GH_RETURN_IF_ERROR(CheckHostIsAscii(url));
  if (!std::ranges::all_of(url, IsUrlCharacter)) {
    return UrlError("holds a character that must be percent-encoded");
  }
  const size_t colon = url.find("://");
  const std::string_view scheme = url.substr(0, colon == std::string_view::npos ? 0 : colon);
  if (!base::EqualsIgnoringCase(scheme, "https") &&
      !(base::EqualsIgnoringCase(scheme, "http") && policy.allow_http)) {
    return UrlError(policy.allow_http ? "must begin with https:// or http://"
                                      : "must begin with https://");
  }
  const std::string_view rest = url.substr(colon + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (rest.find('#') != std::string_view::npos) return UrlError("must not hold a fragment");
  return CheckAuthority(authority, policy);
}

absl::Status CheckEndpointHeaders(const std::map<std::string, std::string>& headers) {
  if (headers.size() > kMaxHeaders) {
    return base::InvalidField("endpoint.headers", "holds more than 16 entries");
  }
  std::vector<std::string> names;
  for (const auto& [name, value] : headers) {
    GH_RETURN_IF_ERROR(CheckHeader(name, value));
    names.push_back(absl::AsciiStrToLower(name));
  }
  std::ranges::sort(names);
  if (std::ranges::adjacent_find(names) != names.end()) {
    return base::InvalidField("endpoint.headers", "holds a name twice, in different case");
  }
  return absl::OkStatus();
}

absl::Status CheckEventPatterns(std::span<const std::string> patterns, std::string_view field) {
  if (patterns.empty() || patterns.size() > kMaxPatterns) {
    return base::InvalidField(field, "must hold 1 to 64 entries");
  }
  for (size_t i = 0; i < patterns.size(); ++i) {
    if (patterns[i] == "*") continue;
    const std::string entry = std::string(field) + "[" + std::to_string(i) + "]";
    if (!IsEventTypePattern(patterns[i])) {
      return base::InvalidField(entry, "must be like \"session.created\", \"session.*\" or \"*\"");
    }
    if (!MayMatch(patterns[i])) return base::InvalidField(entry, kNoSuchEventType);
  }
  return absl::OkStatus();
}

}  // namespace gatehouse::service
