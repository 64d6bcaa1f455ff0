#ifndef GATEHOUSE_SERVICE_SESSION_SESSION_CONVERSION_H_
#define GATEHOUSE_SERVICE_SESSION_SESSION_CONVERSION_H_

#include "absl/status/status.h"
#include "base/time.h"
#include "service/session/token_issuer.h"
#include "storage/session/session.h"

namespace gatehouse::v1 {
class Session;
class TokenPair;
}  // namespace gatehouse::v1

namespace gatehouse::service {

// `now` tells whether the session is still active. INTERNAL if the stored context is
// not a JSON object.
absl::Status ToProto(const storage::Session& session, base::Time now, v1::Session& out);
void ToProto(const TokenIssuer::Tokens& tokens, v1::TokenPair& out);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_SESSION_CONVERSION_H_
