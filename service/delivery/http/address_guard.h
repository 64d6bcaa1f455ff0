#ifndef GATEHOUSE_SERVICE_DELIVERY_HTTP_ADDRESS_GUARD_H_
#define GATEHOUSE_SERVICE_DELIVERY_HTTP_ADDRESS_GUARD_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ip_address.h"

namespace gatehouse::service::delivery {

// IPv4 is kept as its own family, so that ::ffff:1.2.3.4 is not mistaken for 1.2.3.4: the guard
// judges each as what it is.
using base::IpAddress;

// Decides which addresses webhooks may be sent to. Without it every caller who
// may create an endpoint could reach what only the server can: cloud metadata,
// the database, services behind the firewall (SSRF).
//
// Only globally reachable unicast addresses pass, plus the networks the
// operator listed. It must see the address that is connected to: a check of
// the name alone is undone by a second DNS answer.
//
// Immutable, thread-safe.
class AddressGuard {
 public:
  AddressGuard() = default;

  // `allowed_networks`: "10.1.0.0/16", "127.0.0.1", "::1/128".
  static absl::StatusOr<AddressGuard> Make(const std::vector<std::string>& allowed_networks);

  bool Allows(const IpAddress& address) const;

  // The operator listed a network that has it.
  bool Lists(const IpAddress& address) const;

  // The operator listed networks: names without a dot make sense then.
  bool allows_private_networks() const { return !allowed_.empty(); }

 private:
  std::vector<base::IpNetwork> allowed_;
};

// True for addresses that are unicast and reachable from the whole Internet
// (IANA special-purpose registries as of 2026). An IPv6 address that carries an
// IPv4 one by translation is judged by that.
bool IsGloballyReachable(const IpAddress& address);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_HTTP_ADDRESS_GUARD_H_
