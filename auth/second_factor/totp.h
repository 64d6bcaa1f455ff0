#ifndef GATEHOUSE_AUTH_SECOND_FACTOR_TOTP_H_
#define GATEHOUSE_AUTH_SECOND_FACTOR_TOTP_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace gatehouse::auth {

// Time-based one-time passwords, RFC 6238, as every authenticator app makes them: HMAC-SHA-1, six
// digits, steps of 30 seconds from 1970 on.

// 160 random bits, as RFC 4226, section 4, recommends.
std::string MakeTotpSecret();

// What people type in and apps are shown: Base32 (RFC 4648) without padding.
std::string TotpSecretText(std::string_view secret);
// otpauth://totp/ISSUER:ACCOUNT?secret=... (the format of Google Authenticator's wiki).
std::string TotpUri(std::string_view issuer, std::string_view account, std::string_view secret);

// The step that `now` lies in.
int64_t TotpStep(base::Time now);
// The code of a step.
std::string TotpCode(std::string_view secret, int64_t step);
// The step whose code is `code`: that of `now`, the one before or the one after, since clocks
// differ and people type slowly. nullopt if it is none of these.
std::optional<int64_t> MatchTotp(std::string_view secret, std::string_view code, base::Time now);

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_SECOND_FACTOR_TOTP_H_
