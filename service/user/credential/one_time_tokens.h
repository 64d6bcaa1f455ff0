#ifndef GATEHOUSE_SERVICE_USER_CREDENTIAL_ONE_TIME_TOKENS_H_
#define GATEHOUSE_SERVICE_USER_CREDENTIAL_ONE_TIME_TOKENS_H_

#include "absl/status/statusor.h"
#include "base/time.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/validate.h"
#include "service/mail/outbox/mail_composer.h"
#include "storage/mail/mail.h"

namespace google::protobuf {
class Duration;
}

namespace gatehouse::service {

// How long a token is to be good: the request's field `lifetime`, or what is usual. Fails a check
// if it is shorter than a minute or longer than 7 days.
base::Duration TokenLifetime(bool given, const google::protobuf::Duration& value,
                             base::Duration usual, FieldChecks& checks);

// Whether the server is to send the token. INVALID_FIELD for another delivery than there are,
// MAIL_NOT_CONFIGURED.
absl::StatusOr<bool> SendsToken(v1::TokenDelivery delivery, const mail::MailComposer& composer,
                                storage::MailKind kind);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_CREDENTIAL_ONE_TIME_TOKENS_H_
