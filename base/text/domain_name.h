#ifndef GATEHOUSE_BASE_TEXT_DOMAIN_NAME_H_
#define GATEHOUSE_BASE_TEXT_DOMAIN_NAME_H_

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::base {

// A domain name in the two forms of UTS 46, processed as non-transitional: the German sharp s
// stays one, as browsers and registries have it. Over ICU. Thread-safe.
struct DomainName {
  // What people read, in lower case: "müller.example".
  std::string unicode;
  // What DNS is asked: "xn--mller-kva.example".
  std::string ascii;
};

// Either form in, in any case; nullopt for what is no name of a host: empty labels (a dot at the
// end among them), labels beyond 63 bytes, more than 253 bytes, characters besides letters, digits
// and '-' in ASCII, punycode that stands for nothing or for what would be written otherwise.
std::optional<DomainName> ParseDomainName(std::string_view text);

// Whether `text`, which may be empty, is of characters that a name may have, wherever they stand.
bool HasDomainCharacters(std::string_view text);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_TEXT_DOMAIN_NAME_H_
