#ifndef GATEHOUSE_SERVICE_USER_CREDENTIAL_CREDENTIAL_CONVERSION_H_
#define GATEHOUSE_SERVICE_USER_CREDENTIAL_CREDENTIAL_CONVERSION_H_

#include "storage/passkey/passkey.h"
#include "storage/second_factor/second_factor.h"

namespace gatehouse::v1 {
class Passkey;
class RememberedDevice;
}  // namespace gatehouse::v1

namespace gatehouse::service {

void ToProto(const storage::Passkey& passkey, v1::Passkey& out);
void ToProto(const storage::RememberedDevice& device, v1::RememberedDevice& out);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_CREDENTIAL_CREDENTIAL_CONVERSION_H_
