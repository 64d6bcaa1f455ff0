#ifndef GATEHOUSE_SERVICE_USER_CREDENTIAL_ONE_TIME_TOKENS_H_
#define GATEHOUSE_SERVICE_USER_CREDENTIAL_ONE_TIME_TOKENS_H_

#include "base/time.h"
#include "service/common/validate.h"

namespace google::protobuf {
class Duration;
}

namespace gatehouse::service {

// How long a token is to be good: the request's field `lifetime`, or what is usual. Fails a check
// if it is shorter than a minute or longer than 7 days.
base::Duration TokenLifetime(bool given, const google::protobuf::Duration& value,
                             base::Duration usual, FieldChecks& checks);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_CREDENTIAL_ONE_TIME_TOKENS_H_
