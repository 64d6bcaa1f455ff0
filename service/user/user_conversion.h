#ifndef GATEHOUSE_SERVICE_USER_USER_CONVERSION_H_
#define GATEHOUSE_SERVICE_USER_USER_CONVERSION_H_

#include "absl/status/status.h"
#include "storage/api_key/api_key_store.h"
#include "storage/user/user.h"

namespace gatehouse::v1 {
class ApiKey;
class User;
}  // namespace gatehouse::v1

namespace gatehouse::service {

// INTERNAL if the stored metadata is no JSON object.
absl::Status ToProto(const storage::User& user, v1::User& out);

void ToProto(const storage::ApiKey& key, v1::ApiKey& out);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_USER_CONVERSION_H_
