#ifndef GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_SEALING_H_
#define GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_SEALING_H_

#include <string>
#include <string_view>

#include "base/uuid.h"

namespace gatehouse::storage {

// For which the key of endpoints is derived from the master key (SealingKeys::Derive).
inline constexpr std::string_view kEndpointSealInfo = "gatehouse webhook endpoints";

// What a sealed value of an endpoint is bound to: one moved to another endpoint or column does not
// open.
inline std::string EndpointSealContext(std::string_view what, const base::Uuid& tenant_id,
                                       const base::Uuid& id) {
  return "endpoint " + std::string(what) + " " + tenant_id.ToString() + " " + id.ToString();
}

}  // namespace gatehouse::storage

#endif  // GATEHOUSE_STORAGE_ENDPOINT_ENDPOINT_SEALING_H_
