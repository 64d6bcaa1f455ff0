// Names and other text of callers: usernames, email addresses, domain names, and the encodings
// below them. The input is the text.
//
// What is accepted must be found again by what was written and by what is shown, and reading it a
// second time changes nothing: otherwise somebody has an account that he cannot log in to, or two
// have what looks the same.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/text/domain_name.h"
#include "base/text/encoding.h"
#include "base/text/precis.h"
#include "base/text/unicode.h"
#include "service/common/account_names.h"
#include "service/common/regional.h"
#include "service/common/validate.h"

namespace gatehouse::fuzz {
namespace {

using service::AccountKey;
using service::AccountName;
using service::FieldChecks;

void Require(bool holds) {
  if (!holds) std::abort();
}

using ReadName = std::optional<AccountName> (*)(std::string_view, std::string_view, FieldChecks&);

std::optional<AccountName> Read(ReadName read, std::string_view text) {
  FieldChecks checks;
  std::optional<AccountName> name = read("name", text, checks);
  Require(name.has_value() == checks.ok());
  return name;
}

void CheckName(ReadName read, std::string_view text) {
  const std::optional<AccountName> name = Read(read, text);
  if (!name) return;
  Require(base::IsValidUtf8(name->text) && base::IsValidUtf8(name->key));
  Require(base::NormalizeNfc(name->text) == name->text);
  const std::optional<AccountName> again = Read(read, name->text);
  Require(again && again->text == name->text && again->key == name->key);
  Require(AccountKey(text) == name->key);
  Require(AccountKey(name->text) == name->key);
  Require(AccountKey(name->key) == name->key);
}

void CheckUsername(std::string_view text) {
  CheckName(service::ReadUsername, text);
  const std::optional<AccountName> name = Read(service::ReadUsername, text);
  if (!name) return;
  Require(service::MayBeginName(text));
  const size_t characters = base::CountCodePoints(name->text);
  Require(characters >= 1 && characters <= 64);
  // A search by the whole name finds it; behind an '@' a name has another form than its beginning.
  if (name->key.find('@') == std::string::npos) {
    Require(name->key == service::AccountKeyPrefix(text));
  }
}

void CheckEmail(std::string_view text) {
  CheckName(service::ReadEmail, text);
  const std::optional<AccountName> name = Read(service::ReadEmail, text);
  if (!name) return;
  Require(name->text.size() <= 254 && name->key.size() <= 254);
  const size_t at = name->text.find('@');
  Require(at != std::string::npos && at > 0);
  Require(service::MayBeginName(name->text));
  Require(base::ParseDomainName(name->text.substr(at + 1)).has_value());
}

void CheckDomain(std::string_view text) {
  const std::optional<base::DomainName> name = base::ParseDomainName(text);
  if (!name) return;
  Require(name->ascii.size() <= 253 && !name->ascii.ends_with('.'));
  Require(std::ranges::all_of(name->ascii, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  }));
  for (const std::string& form : {name->ascii, name->unicode}) {
    const std::optional<base::DomainName> again = base::ParseDomainName(form);
    Require(again && again->ascii == name->ascii && again->unicode == name->unicode);
  }
}

void CheckUnicode(std::string_view text) {
  const bool valid = base::IsValidUtf8(text);
  const std::optional<std::string> nfc = base::NormalizeNfc(text);
  const std::optional<std::string> key = base::CaselessKey(text);
  const std::optional<std::string> narrow = base::MapWidth(text);
  Require(valid == nfc.has_value() && valid == key.has_value() && valid == narrow.has_value());
  if (!valid) return;
  Require(base::NormalizeNfc(*nfc) == nfc);
  Require(base::CaselessKey(*nfc) == key);
  Require(base::CaselessKey(*key) == key);
  Require(base::MapWidth(*narrow) == narrow);
  const std::optional<std::string> identifier = base::PrecisIdentifier(text);
  if (identifier) {
    Require(base::PrecisIdentifier(*identifier) == identifier);
    Require(base::HasIdentifierCharacters(text));
  }
  Require(nlohmann::json::parse(base::JsonString(text)).get<std::string>() == text);
}

void CheckEncodings(std::string_view text) {
  const auto decodes_to_text = [&](const std::optional<std::string>& decoded) {
    Require(decoded == std::string(text));
  };
  decodes_to_text(base::HexDecode(base::HexEncode(text)));
  decodes_to_text(base::Base64Decode(base::Base64Encode(text)));
  decodes_to_text(base::Base64UrlDecode(base::Base64UrlEncode(text)));
  // One value has one text.
  if (const auto value = base::Base64UrlDecode(text))
    Require(base::Base64UrlEncode(*value) == text);
  if (const auto value = base::Base64Decode(text)) {
    Require(base::Base64Decode(base::Base64Encode(*value)) == value);
  }
  if (const auto value = base::HexDecode(text)) Require(value->size() * 2 == text.size());
}

}  // namespace
}  // namespace gatehouse::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  gatehouse::fuzz::CheckUsername(text);
  gatehouse::fuzz::CheckEmail(text);
  gatehouse::fuzz::CheckDomain(text);
  gatehouse::fuzz::CheckUnicode(text);
  gatehouse::fuzz::CheckEncodings(text);
  (void)gatehouse::service::IsTimeZone(text);
  (void)gatehouse::service::IsLanguageTag(text);
  return 0;
}
