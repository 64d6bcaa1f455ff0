// Reads tokens, one a line, and says of each "ok SESSION", "refused", "refused TENANT_FROZEN" or
// TENANT_MOVED, or "unknown", by the verifier of auth/verifier/.
//
//   GATEHOUSE_API_KEY=... verifier_probe ADDRESS
//
// GATEHOUSE_MAX_STALENESS_MS and GATEHOUSE_WHEN_STALE (refuse or accept) are optional. As the
// examples of docs/clients do.

#include <grpcpp/security/credentials.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

#include "absl/status/status.h"
#include "auth/verifier/verifier.h"
#include "base/reason.h"
#include "base/status.h"

namespace {

using gatehouse::auth::TokenVerifier;
using gatehouse::auth::Verifier;

constexpr std::chrono::seconds kReady{60};

std::string Variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : otherwise;
}

Verifier::Options OptionsOf() {
  Verifier::Options options{.api_key = Variable("GATEHOUSE_API_KEY", "")};
  options.tokens.max_staleness =
      std::chrono::milliseconds(std::stoi(Variable("GATEHOUSE_MAX_STALENESS_MS", "5000")));
  if (Variable("GATEHOUSE_WHEN_STALE", "refuse") == "accept") {
    options.tokens.when_stale = TokenVerifier::WhenStale::kAccept;
  }
  return options;
}

std::string WordFor(const absl::Status& status) {
  for (const gatehouse::base::Reason reason :
       {gatehouse::base::Reason::kTenantFrozen, gatehouse::base::Reason::kTenantMoved}) {
    if (!gatehouse::base::HasReason(status, reason)) continue;
    return "refused " + std::string(gatehouse::base::ReasonName(reason));
  }
  return absl::IsUnauthenticated(status) ? "refused" : "unknown";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: verifier_probe ADDRESS\n";
    return 2;
  }
  Verifier verifier(argv[1], grpc::InsecureChannelCredentials(), OptionsOf());
  verifier.Start();
  if (!verifier.WaitUntilReady(kReady)) {
    std::cerr << "not ready: " << verifier.last_error() << "\n";
    return 1;
  }
  std::cout << "ready" << std::endl;
  for (std::string token; std::getline(std::cin, token);) {
    const auto claims = verifier.Verify(token);
    if (claims.ok()) {
      std::cout << "ok " << (*claims)->session_id.ToString() << std::endl;
    } else {
      std::cout << WordFor(claims.status()) << std::endl;
    }
  }
}
