#ifndef GATEHOUSE_SERVICE_DELIVERY_PAYLOAD_FILTER_H_
#define GATEHOUSE_SERVICE_DELIVERY_PAYLOAD_FILTER_H_

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "absl/status/statusor.h"

namespace gatehouse::service::delivery {

// An expression about the `data` of a delivery's body, such as
// `data.amount >= 100 AND data.currency = "EUR"`: docs/filters.md.
//
// Judging by one takes time in proportion to its terms and to the arrays that they look into.
// Immutable; any thread. Copies share it.
class PayloadFilter {
 public:
  static constexpr size_t kMaxBytes = 1'024;
  static constexpr int kMaxTerms = 16;
  // Parentheses and NOTs within each other.
  static constexpr int kMaxDepth = 8;
  // Names of a field.
  static constexpr size_t kMaxNames = 16;

  // All: what an endpoint without a filter wants.
  PayloadFilter() = default;

  // Empty: all. INVALID_ARGUMENT, INVALID_FILTER about `field` says where it went wrong.
  static absl::StatusOr<PayloadFilter> Parse(std::string_view text, std::string_view field);

  bool is_all() const { return root_ == nullptr; }
  bool Matches(const nlohmann::json& data) const;

  // Public for the parser.
  struct Expression;

 private:
  explicit PayloadFilter(std::shared_ptr<const Expression> root) : root_(std::move(root)) {}

  std::shared_ptr<const Expression> root_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_PAYLOAD_FILTER_H_
