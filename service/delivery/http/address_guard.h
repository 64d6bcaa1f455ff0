#ifndef GATEHOUSE_SERVICE_DELIVERY_HTTP_ADDRESS_GUARD_H_
#define GATEHOUSE_SERVICE_DELIVERY_HTTP_ADDRESS_GUARD_H_

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace gatehouse::service::delivery {

// An IPv4 or IPv6 address. IPv4 is kept as its own family, so that
// ::ffff:1.2.3.4 is not mistaken for 1.2.3.4: the guard judges each as what it is.
struct IpAddress {
  bool v6 = false;
  std::array<uint8_t, 16> bytes = {};  // The first 4 for IPv4.

  // Dotted quad or RFC 4291 text, without brackets, zone or anything else that
  // inet_aton would make of "127.1" or "0x7f000001".
  static std::optional<IpAddress> Parse(std::string_view text);
  // nullopt for families other than AF_INET and AF_INET6.
  static std::optional<IpAddress> FromSockaddr(const sockaddr& address);

  std::string ToString() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

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

  // The operator listed networks: names without a dot make sense then.
  bool allows_private_networks() const { return !allowed_.empty(); }

 private:
  struct Network {
    IpAddress address;
    int prefix_bits;
  };

  std::vector<Network> allowed_;
};

// True for addresses that are unicast and reachable from the whole Internet
// (IANA special-purpose registries as of 2026). An IPv6 address that carries an
// IPv4 one by translation is judged by that.
bool IsGloballyReachable(const IpAddress& address);

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_HTTP_ADDRESS_GUARD_H_
