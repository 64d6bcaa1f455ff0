#ifndef GATEHOUSE_AUTH_PASSKEY_PASSKEY_KEY_H_
#define GATEHOUSE_AUTH_PASSKEY_PASSKEY_KEY_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::auth {

// How a passkey signs, by its number in the registry of COSE algorithms (RFC 8152, RFC 8812).
enum class PasskeyAlgorithm : int32_t {
  kEs256 = -7,
  kEdDsa = -8,
  kRs256 = -257,
};

// In the order in which authenticators are asked for them.
inline constexpr std::array kPasskeyAlgorithms = {
    PasskeyAlgorithm::kEs256, PasskeyAlgorithm::kEdDsa, PasskeyAlgorithm::kRs256};

// "ES256", "EdDSA", "RS256"; empty for a number that is none of them.
std::string_view PasskeyAlgorithmName(PasskeyAlgorithm algorithm);

// The public half of a passkey.
struct PasskeyKey {
  PasskeyAlgorithm algorithm = PasskeyAlgorithm::kEs256;
  // ES256: x and y of the point, 32 bytes each. EdDSA: 32 bytes. RS256: the modulus in 256 bytes,
  // the exponent in 3: keys of 2,048 bits, which is what authenticators make.
  std::string bytes;

  friend bool operator==(const PasskeyKey&, const PasskeyKey&) = default;
};

// Whether it is one: a point that lies on the curve, a modulus of that size.
bool IsValid(const PasskeyKey& key);

// Whether the holder of the private half has signed `authenticator_data` and the SHA-256 of
// `client_data_json`. The data must be for `rp_id` and show that somebody was present.
bool VerifySignature(const PasskeyKey& key, const std::string& rp_id,
                     std::string_view authenticator_data, std::string_view client_data_json,
                     std::string_view signature);

// A valid key that belongs to nobody. What an unknown passkey signed is compared with it, so that
// it costs the same work, and is refused whatever comes out.
const PasskeyKey& NobodysPasskeyKey();

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSKEY_PASSKEY_KEY_H_
