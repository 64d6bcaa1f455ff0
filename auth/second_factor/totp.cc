#include "auth/second_factor/totp.h"

#include <liboath/oath.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "base/hash.h"

namespace gatehouse::auth {
namespace {

constexpr size_t kSecretBytes = 20;
constexpr unsigned kDigits = 6;
constexpr std::chrono::seconds kStep(30);
constexpr int64_t kTolerance = 1;

// Once, before anything else of the library.
void InitLibrary() {
  static const int result = oath_init();
  if (result != OATH_OK) throw std::runtime_error(oath_strerror(result));
}

// RFC 3986: everything but the unreserved characters.
std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<uint8_t>(c);
    encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  return encoded;
}

}  // namespace

std::string MakeTotpSecret() { return base::RandomBytes(kSecretBytes); }

std::string TotpSecretText(std::string_view secret) {
  InitLibrary();
  char* text = nullptr;
  const int result = oath_base32_encode(secret.data(), secret.size(), &text, nullptr);
  if (result != OATH_OK) throw std::runtime_error(oath_strerror(result));
  const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
  std::string encoded(text);
  encoded.erase(encoded.find_last_not_of('=') + 1);
  return encoded;
}

std::string TotpUri(std::string_view issuer, std::string_view account, std::string_view secret) {
  return "otpauth://totp/" + PercentEncode(issuer) + ":" + PercentEncode(account) +
         "?secret=" + TotpSecretText(secret) + "&issuer=" + PercentEncode(issuer) +
         "&algorithm=SHA1&digits=6&period=30";
}

int64_t TotpStep(base::Time now) {
  return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()) / kStep;
}

std::string TotpCode(std::string_view secret, int64_t step) {
  InitLibrary();
  std::array<char, kDigits + 1> code = {};
  const int result =
      oath_hotp_generate(secret.data(), secret.size(), static_cast<uint64_t>(step), kDigits,
                         /*add_checksum=*/false, OATH_HOTP_DYNAMIC_TRUNCATION, code.data());
  if (result != OATH_OK) throw std::runtime_error(oath_strerror(result));
  return {code.data(), kDigits};
}

std::optional<int64_t> MatchTotp(std::string_view secret, std::string_view code, base::Time now) {
  std::optional<int64_t> matched;
  const int64_t current = TotpStep(now);
  // All of them in any case: how long it takes tells nothing.
  for (int64_t step = current - kTolerance; step <= current + kTolerance; ++step) {
    if (base::ConstantTimeEquals(TotpCode(secret, step), code)) matched = step;
  }
  return matched;
}

}  // namespace gatehouse::auth
