#include "base/metric_families.h"

#include <algorithm>

namespace gatehouse::base {

void MetricFamilies::Add(Type type, std::string_view name, std::string_view help, double value,
                         Labels labels) {
  auto family = std::ranges::find(families_, name, &Family::name);
  if (family == families_.end()) {
    families_.push_back({.name = std::string(name), .help = std::string(help), .type = type});
    family = families_.end() - 1;
  }
  family->values.push_back({.labels = std::move(labels), .value = value});
}

}  // namespace gatehouse::base
