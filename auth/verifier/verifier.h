#ifndef GATEHOUSE_AUTH_VERIFIER_VERIFIER_H_
#define GATEHOUSE_AUTH_VERIFIER_VERIFIER_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/token/access_claims.h"
#include "auth/verifier/token_verifier.h"
#include "base/time.h"

namespace grpc {
class ChannelCredentials;
}

namespace gatehouse::auth {

// Verifies access tokens in the process of another service: at the speed of memory, and within a
// second of a logout anywhere. See docs/verifying.md.
//
//   Verifier verifier(address, credentials, {.api_key = key, .tokens = {.issuer =
//   "https://id.example.com"}}); verifier.Start(); absl::StatusOr<std::shared_ptr<const
//   AccessClaims>> claims = verifier.Verify(token);
//
// One thread of its own follows the server: its keys (GetJwks) and its revocations
// (WatchRevocations), from where it was before after each break. Before it has heard from the
// server for the first time every answer is UNAVAILABLE.
//
// Thread-safe. Destroying it stops it.
class Verifier {
 public:
  struct Options {
    // With the permission sessions.verify. Its tenant is that of the tokens.
    std::string api_key;
    TokenVerifier::Options tokens;
    // Keys are fetched anew this often: as long as a server publishes one before it signs with it.
    std::chrono::seconds keys_interval{300};
    // After a break the first try comes at once, the next ones a little later each time.
    std::chrono::milliseconds min_backoff{100};
    std::chrono::milliseconds max_backoff{5'000};
  };

  // `address` as gRPC has it. TLS: grpc::SslCredentials.
  Verifier(const std::string& address, std::shared_ptr<grpc::ChannelCredentials> credentials,
           Options options);
  ~Verifier();

  // Once. Begins to follow the server; does not wait for it.
  void Start();
  void Stop();

  // Of TokenVerifier.
  absl::StatusOr<std::shared_ptr<const AccessClaims>> Verify(std::string_view token) {
    return tokens_.Verify(token);
  }

  // Waits until revocations are known for the first time; false if they are not by then.
  bool WaitUntilReady(std::chrono::milliseconds patience);

  // How old what is known of revocations is; max() before the first time.
  std::chrono::milliseconds staleness() const { return tokens_.staleness(); }
  // Why the last stream ended, or keys did not come; OK while nothing went wrong.
  absl::Status last_error() const;

 private:
  class Follower;

  const base::SystemClock clock_;
  TokenVerifier tokens_;
  const std::unique_ptr<Follower> follower_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_VERIFIER_VERIFIER_H_
