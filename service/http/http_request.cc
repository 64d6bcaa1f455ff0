#include "service/http/http_request.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "base/text/ascii.h"

namespace gatehouse::service::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

HttpRequest Error(int status) { return {.error = status}; }

// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

bool IsHost(std::string_view name) {
  return absl::EqualsIgnoreCase(absl::string_view(name.data(), name.size()), "host");
}

// Whether these lines are headers, with exactly one Host, which HTTP/1.1 demands. `host` is what it
// says.
bool AreHeaders(std::string_view lines, bool needs_host, std::string_view& host) {
  int hosts = 0;
  while (!lines.empty()) {
    const size_t end = lines.find(kLineEnd);
    const std::string_view line = lines.substr(0, end);
    const size_t colon = line.find(':');
    // A folded line begins with a blank, which no token has.
    if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return false;
    if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) return false;
    if (IsHost(line.substr(0, colon))) {
      ++hosts;
      host = base::Trimmed(line.substr(colon + 1), " \t");
    }
    lines.remove_prefix(end + kLineEnd.size());
  }
  return hosts == 1 || (hosts == 0 && !needs_host);
}

// "/path?query" or "http://host/path?query" -> "/path"
std::string PathOf(std::string_view target) {
  constexpr std::string_view kAbsolute = "http://";
  if (base::StartsWithIgnoringCase(target, kAbsolute)) {
    target.remove_prefix(kAbsolute.size());
    target.remove_prefix(std::min(target.find('/'), target.size()));
    if (target.empty()) return "/";
  }
  return std::string(target.substr(0, target.find('?')));
}

}  // namespace

std::optional<HttpRequest> ParseRequest(std::string_view bytes) {
  constexpr std::string_view kHeadEnd = "\r\n\r\n";
  const size_t end = bytes.find(kHeadEnd);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view head = bytes.substr(0, end + kLineEnd.size());
  const size_t line_end = head.find(kLineEnd);
  const std::string_view line = head.substr(0, line_end);
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return Error(400);
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!IsToken(method) || target.empty() || target.find(' ') != std::string_view::npos) {
    return Error(400);
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return Error(version.starts_with("HTTP/") ? 505 : 400);
  }
  std::string_view host;
  if (!AreHeaders(head.substr(line_end + kLineEnd.size()), version == "HTTP/1.1", host)) {
    return Error(400);
  }
  return HttpRequest{
      .method = std::string(method), .path = PathOf(target), .host = std::string(host)};
}

}  // namespace gatehouse::service::http
