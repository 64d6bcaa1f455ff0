#include "service/user/credential/credential_conversion.h"

#include <string>

#include "auth/passkey/passkey_key.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/timestamps.h"

namespace gatehouse::service {

void ToProto(const storage::Passkey& passkey, v1::Passkey& out) {
  out.set_id(passkey.id.ToString());
  out.set_user_id(passkey.user_id.ToString());
  out.set_display_name(passkey.display_name);
  out.set_credential_id(passkey.credential_id);
  out.set_algorithm(std::string(
      auth::PasskeyAlgorithmName(static_cast<auth::PasskeyAlgorithm>(passkey.algorithm))));
  if (!passkey.aaguid.is_nil()) out.set_aaguid(passkey.aaguid.ToString());
  out.mutable_transports()->Assign(passkey.transports.begin(), passkey.transports.end());
  out.set_backup_eligible(passkey.backup_eligible);
  out.set_backed_up(passkey.backed_up);
  SetTimestamp(passkey.create_time, out.mutable_create_time());
  if (passkey.last_used_time) SetTimestamp(*passkey.last_used_time, out.mutable_last_used_time());
}

void ToProto(const storage::RememberedDevice& device, v1::RememberedDevice& out) {
  out.set_id(device.id.ToString());
  out.set_label(device.label);
  out.set_ip_address(device.ip_address);
  out.set_user_agent(device.user_agent);
  SetTimestamp(device.create_time, out.mutable_create_time());
  if (device.last_used_time) SetTimestamp(*device.last_used_time, out.mutable_last_used_time());
  SetTimestamp(device.expire_time, out.mutable_expire_time());
}

}  // namespace gatehouse::service
