#include "service/main/tools/report.h"

#include <unistd.h>

#include <array>
#include <cstdint>
#include <iostream>

#include "absl/strings/str_format.h"

namespace gatehouse::service {

Report Report::OnStandardOutput(std::string_view format) {
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  const bool text = format == "text" || (format != "json" && terminal);
  return {std::cout, text ? Format::kText : Format::kJson, terminal};
}

void Report::EndProgress() {
  // To the beginning of the line, and away with what stands there.
  if (in_progress_) out_ << "\r\x1b[K";
  in_progress_ = false;
}

void Report::Line(std::string_view text, const JsonObject& json) {
  EndProgress();
  if (format_ == Format::kText) {
    out_ << text << "\n";
  } else {
    out_ << json.ToString() << "\n";
  }
  out_.flush();
}

void Report::Progress(std::string_view text, const JsonObject& json) {
  if (format_ == Format::kJson || !terminal_) return Line(text, json);
  EndProgress();
  out_ << text;
  out_.flush();
  in_progress_ = true;
}

std::string BytesText(int64_t bytes) {
  constexpr std::array kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return absl::StrFormat("%d bytes", bytes);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

}  // namespace gatehouse::service
