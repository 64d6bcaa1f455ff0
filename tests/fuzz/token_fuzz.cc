// Credentials that callers bring, and page tokens: the text of one, the claims of an access token
// whose signature is good, or a genuine one that was changed.
//
// Whatever comes ends in an answer. What the server did not make is refused, and claims are taken
// only if they are for it and still good.

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/api_key/api_key.h"
#include "auth/signing_key/keyring.h"
#include "auth/signing_key/signing_key.h"
#include "auth/token/access_token.h"
#include "auth/token/device_token.h"
#include "auth/token/login_challenge.h"
#include "auth/token/one_time_token.h"
#include "auth/token/refresh_token.h"
#include "base/manual_clock.h"
#include "base/text/encoding.h"
#include "base/uuid.h"
#include "service/common/page_token.h"
#include "storage/one_time_token/one_time_token.h"
#include "tests/fuzz/fuzz_input.h"

namespace gatehouse::fuzz {
namespace {

constexpr base::Time kNow = base::TimeFromMicros(1'767'225'600'000'000);
constexpr std::string_view kIssuer = "https://gatehouse.test";
constexpr auto kPurpose = storage::OneTimePurpose::kPasswordReset;

void Require(bool holds) {
  if (!holds) std::abort();
}

class Credentials {
 public:
  Credentials() {
    const auto row = auth::SigningKey::Generate(
        auth::SigningAlgorithm::kEdDsa, base::kDefaultTenantId, kNow, kNow, std::string(32, 'm'));
    Require(keyring_.Load(std::vector{row}).ok());
    key_ = keyring_.Current(base::kDefaultTenantId, kNow);
    const base::Uuid id = base::Uuid::MakeV7(kNow);
    const auto access = access_.Sign({.tenant_id = base::kDefaultTenantId,
                                      .user_id = id,
                                      .session_id = id,
                                      .roles = {"viewer"},
                                      .amr = {"pwd"},
                                      .auth_time = kNow});
    Require(access.ok());
    genuine_ = {access->token,
                refresh_.Encode({.tenant_id = id, .session_id = id, .user_id = id}),
                challenge_.Encode({.tenant_id = id, .user_id = id, .expire_time = kNow}),
                one_time_.Make(kPurpose, id, id).token,
                device_.Make(id, id, id).token,
                pages_.Make(scope_, {"position"})};
    for (size_t kind = 0; kind < genuine_.size(); ++kind) Require(IsTaken(genuine_[kind]));
  }

  // Whether anything that only the server can make is read in it.
  bool IsTaken(std::string_view text) const {
    return access_.Verify(text).ok() || refresh_.Decode(text) || challenge_.Decode(text) ||
           one_time_.Read({kPurpose}, text) || device_.Read(text) || pages_.Open(scope_, text).ok();
  }

  void ReadClaims(std::string_view payload) const {
    const std::string input = key_->token_header() + "." + base::Base64UrlEncode(payload);
    const auto claims = access_.Verify(input + "." + base::Base64UrlEncode(key_->Sign(input)));
    if (!claims.ok()) return;
    Require(claims->issuer == kIssuer && claims->audience == "product");
    Require(claims->expires_at + access_.options().leeway > kNow);
  }

  // Pairs of a place and what is changed there.
  void ReadChanged(FuzzInput& input) const {
    const std::string& genuine = genuine_[input.Byte() % genuine_.size()];
    std::string text = genuine;
    while (!input.empty()) {
      const size_t place = input.Byte() | size_t{input.Byte()} << 8;
      text[place % text.size()] = static_cast<char>(text[place % text.size()] ^ input.Byte());
    }
    Require(IsTaken(text) == (text == genuine));
  }

 private:
  base::ManualClock clock_{kNow};
  auth::Keyring keyring_{std::string(32, 'm'), {}};
  std::shared_ptr<const auth::SigningKey> key_;
  auth::AccessTokenCodec access_{
      keyring_, clock_, {.issuer = std::string(kIssuer), .audience = "product"}};
  auth::RefreshTokenCodec refresh_{std::string(32, 's')};
  auth::LoginChallengeCodec challenge_{std::string(32, 's')};
  auth::OneTimeTokenCodec one_time_{std::string(32, 's')};
  auth::DeviceTokenCodec device_{std::string(32, 's')};
  service::PageTokens pages_{std::string(32, 's'), clock_};
  const service::PageScope scope_{.method = "ListUsers", .tenant_id = base::kDefaultTenantId};
  std::vector<std::string> genuine_;
};

void ReadText(const Credentials& credentials, std::string_view text) {
  Require(!credentials.IsTaken(text));
  // Its checksum is no secret: anybody can make what looks like a key.
  if (auth::ParseApiKey(text)) Require(auth::LooksLikeApiKey(text));
}

}  // namespace
}  // namespace gatehouse::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto& credentials = *new gatehouse::fuzz::Credentials();
  gatehouse::fuzz::FuzzInput input(data, size);
  switch (input.Byte() % 3) {
    case 0:
      gatehouse::fuzz::ReadText(credentials, input.Bytes(size));
      break;
    case 1:
      credentials.ReadClaims(input.Bytes(size));
      break;
    default:
      credentials.ReadChanged(input);
  }
  return 0;
}
