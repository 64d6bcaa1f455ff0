#ifndef GATEHOUSE_SERVICE_COMMON_PAGE_TOKEN_H_
#define GATEHOUSE_SERVICE_COMMON_PAGE_TOKEN_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "auth/token/token_peppers.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/sealing_keys.h"

namespace gatehouse::service {

// What a page token is good for: this method, tenant and query alone.
struct PageScope {
  std::string method;
  base::Uuid tenant_id;
  // Everything else that decides which rows there are and in which order.
  std::vector<std::string> query;
};

// Page tokens: sealed (AES-256-GCM), so that callers can neither read nor make
// positions; good for 24 hours, so that no client comes to store them.
//
// Immutable; any thread.
class PageTokens {
 public:
  // Keys for this use are derived: Make seals under the first, Open takes either.
  PageTokens(const auth::TokenPeppers& peppers, const base::Clock& clock);

  // `position`: the sort key of the last row sent.
  std::string Make(const PageScope& scope, const std::vector<std::string>& position) const;

  // The position in `token`, which is not empty. INVALID_ARGUMENT,
  // INVALID_PAGE_TOKEN for anything that Make did not return for this scope
  // within 24 hours.
  absl::StatusOr<std::vector<std::string>> Open(const PageScope& scope,
                                                std::string_view token) const;

  // For lists whose rows are in the order of one key, a text or an id: that of the last row sent;
  // without a token, at the first page, "" and nullopt.
  absl::StatusOr<std::string> TextBehind(const PageScope& scope, std::string_view token) const;
  absl::StatusOr<std::optional<base::Uuid>> IdBehind(const PageScope& scope,
                                                     std::string_view token) const;

 private:
  const storage::SealingKeys keys_;
  const base::Clock& clock_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_COMMON_PAGE_TOKEN_H_
