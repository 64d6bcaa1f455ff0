#ifndef GATEHOUSE_SERVICE_COMMON_REGIONAL_H_
#define GATEHOUSE_SERVICE_COMMON_REGIONAL_H_

#include <string_view>

namespace gatehouse::service {

// Where and how somebody reads. Both over ICU, whose data are those of Debian's package.

// A name of the IANA time zone database, also one of its older names, in its own case:
// "Europe/Berlin", "UTC".
bool IsTimeZone(std::string_view text);

// A well-formed language tag of BCP 47 (RFC 5646): "de-AT", "zh-Hant". Not whether its subtags
// are registered, which changes with time.
bool IsLanguageTag(std::string_view text);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_REGIONAL_H_
