#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_DOCTOR_FINDING_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_DOCTOR_FINDING_H_

#include <string>
#include <utility>
#include <vector>

namespace gatehouse::service {

// One thing that `gatehouse doctor` looked at.
struct Finding {
  enum class Level {
    kOk,
    // It works, and will not for long, or not for many.
    kWarning,
    // `serve` does not start with it, or does not do all it should.
    kFailure,
  };

  // What was looked at: one word.
  std::string check;
  Level level = Level::kOk;
  std::string text;
  // What to do; empty if there is nothing.
  std::string advice = {};
};

// In the order in which they are told.
class Findings {
 public:
  void Ok(std::string check, std::string text) {
    all_.push_back({std::move(check), Finding::Level::kOk, std::move(text)});
  }
  void Warn(std::string check, std::string text, std::string advice) {
    all_.push_back(
        {std::move(check), Finding::Level::kWarning, std::move(text), std::move(advice)});
  }
  void Fail(std::string check, std::string text, std::string advice) {
    all_.push_back(
        {std::move(check), Finding::Level::kFailure, std::move(text), std::move(advice)});
  }

  const std::vector<Finding>& all() const { return all_; }

 private:
  std::vector<Finding> all_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_DOCTOR_FINDING_H_
