#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_REPORT_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_REPORT_H_

#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>

#include "service/common/json.h"

namespace gatehouse::service {

// What a command tells on standard output: sentences to people, one JSON object a line to
// programs.
//
// Thread: the one of its command. `out` outlives it.
class Report {
 public:
  enum class Format { kText, kJson };

  Report(std::ostream& out, Format format, bool terminal = false)
      : out_(out), format_(format), terminal_(terminal) {}

  // On standard output. `format`: "text", "json", or "auto": text on a terminal, else JSON.
  static Report OnStandardOutput(std::string_view format);

  // One line: `text`, or `json`.
  void Line(std::string_view text, const JsonObject& json);

  // How far something is that takes long: on a terminal a line that the next one overwrites, to
  // programs a line like any other.
  void Progress(std::string_view text, const JsonObject& json);

  Format format() const { return format_; }

 private:
  void EndProgress();

  std::ostream& out_;
  const Format format_;
  const bool terminal_;
  bool in_progress_ = false;
};

// "1.5 MiB", for people.
std::string BytesText(int64_t bytes);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_REPORT_H_
