#include "service/common/account_names.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/text/ascii.h"
#include "base/text/domain_name.h"
#include "base/text/precis.h"
#include "base/text/unicode.h"

namespace gatehouse::service {
namespace {

constexpr size_t kMaxUsernameCharacters = 64;
// RFC 5321, 4.5.3.1.3, without the angle brackets.
constexpr size_t kMaxEmailBytes = 254;

// An address whose domain is one.
struct Address {
  std::string_view local;
  std::string_view written_domain;
  base::DomainName domain;
};

std::optional<Address> ParseAddress(std::string_view text) {
  const size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  const std::string_view written = text.substr(at + 1);
  std::optional<base::DomainName> domain = base::ParseDomainName(written);
  if (!domain) return std::nullopt;
  return Address{text.substr(0, at), written, *std::move(domain)};
}

// Without regard to case and width.
std::optional<std::string> Caseless(std::string_view text) {
  const std::optional<std::string> mapped = base::MapWidth(text);
  return mapped ? base::CaselessKey(*mapped) : std::nullopt;
}

// Whether `text` is worth a closer look; `too_long` says what is wrong with what no normalisation
// would bring below its limit.
bool HasBoundedLength(std::string_view field, std::string_view text, std::string_view too_long,
                      FieldChecks& checks) {
  if (text.size() <= kMaxRawNameBytes) return checks.Length(field, text, 1, kMaxRawNameBytes);
  checks.Fail(field, too_long);
  return false;
}

bool IsUsernameAscii(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("._-@+").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<AccountName> ReadUsername(std::string_view field, std::string_view text,
                                        FieldChecks& checks) {
  constexpr std::string_view kTooLong = "must have at most 64 characters";
  if (!HasBoundedLength(field, text, kTooLong, checks)) return std::nullopt;
  std::optional<std::string> name = base::PrecisIdentifier(text);
  if (!name || !std::ranges::all_of(*name, [](char c) {
        return !absl::ascii_isascii(static_cast<unsigned char>(c)) || IsUsernameAscii(c);
      })) {
    checks.Fail(field, "may have letters, digits and . _ - @ + in it");
    return std::nullopt;
  }
  if (base::CountCodePoints(*name) > kMaxUsernameCharacters) {
    checks.Fail(field, kTooLong);
    return std::nullopt;
  }
  std::string key = *AccountKey(*name);
  return AccountName{*std::move(name), std::move(key)};
}

std::optional<AccountName> ReadEmail(std::string_view field, std::string_view text,
                                     FieldChecks& checks) {
  constexpr std::string_view kTooLong = "must have at most 254 bytes";
  if (!HasBoundedLength(field, text, kTooLong, checks)) return std::nullopt;
  const std::optional<Address> address = ParseAddress(text);
  const std::optional<std::string> local =
      address ? base::PrecisIdentifier(address->local) : std::nullopt;
  if (!local) {
    checks.Fail(field, "is not an email address: name@domain, without blanks");
    return std::nullopt;
  }
  // As it was written, if nothing but case is special about it.
  const std::string domain =
      base::EqualsIgnoringCase(address->written_domain, address->domain.unicode)
          ? std::string(address->written_domain)
          : address->domain.unicode;
  AccountName name{.text = *local + "@" + domain, .key = {}};
  name.key = *AccountKey(name.text);
  if (std::max(name.text.size(), name.key.size()) > kMaxEmailBytes) {
    checks.Fail(field, kTooLong);
    return std::nullopt;
  }
  return name;
}

std::optional<std::string> AccountKey(std::string_view text) {
  if (text.empty() || text.size() > kMaxRawNameBytes) return std::nullopt;
  const std::optional<Address> address = ParseAddress(text);
  if (!address) return Caseless(text);
  std::optional<std::string> local = Caseless(address->local);
  if (!local) return std::nullopt;
  return *std::move(local) + "@" + address->domain.unicode;
}

bool MayBeginName(std::string_view text) {
  if (text.size() > kMaxRawNameBytes) return false;
  if (base::HasIdentifierCharacters(text)) return true;
  // Domains have characters that usernames have not.
  const size_t at = text.find('@');
  return at != std::string_view::npos && base::HasIdentifierCharacters(text.substr(0, at)) &&
         base::HasDomainCharacters(text.substr(at + 1));
}

std::string AccountKeyPrefix(std::string_view text) { return Caseless(text).value_or(""); }

}  // namespace gatehouse::service
