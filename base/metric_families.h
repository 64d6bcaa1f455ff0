#ifndef GATEHOUSE_BASE_METRIC_FAMILIES_H_
#define GATEHOUSE_BASE_METRIC_FAMILIES_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse::base {

// Figures of one moment, as components describe them: what they are called, what they mean, and
// their values. Whoever shows them knows the format.
//
//   void DescribeMetrics(const Queue& queue, base::MetricFamilies& families) {
//     families.Gauge("jobs_queued", "Jobs that wait for a thread.", queue.size());
//   }
class MetricFamilies {
 public:
  using Labels = std::map<std::string, std::string>;

  enum class Type { kCounter, kGauge };
  struct Value {
    Labels labels;
    double value;
  };
  struct Family {
    std::string name;
    std::string help;
    Type type;
    std::vector<Value> values;
  };

  // Adds a value to the family of that name, and the family with its first value. Names are in
  // Prometheus's style, without what all have in common: a prefix, and "_total" of counters.
  template <typename Number>
  void Counter(std::string_view name, std::string_view help, Number value, Labels labels = {}) {
    Add(Type::kCounter, name, help, static_cast<double>(value), std::move(labels));
  }
  template <typename Number>
  void Gauge(std::string_view name, std::string_view help, Number value, Labels labels = {}) {
    Add(Type::kGauge, name, help, static_cast<double>(value), std::move(labels));
  }

  // In the order of their first values.
  const std::vector<Family>& families() const { return families_; }

 private:
  void Add(Type type, std::string_view name, std::string_view help, double value, Labels labels);

  std::vector<Family> families_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_METRIC_FAMILIES_H_
