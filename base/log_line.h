#ifndef GATEHOUSE_BASE_LOG_LINE_H_
#define GATEHOUSE_BASE_LOG_LINE_H_

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

// The process's log: one JSON object per line on standard error. A line is
// queued and written by a thread of its own, so that a slow terminal or pipe
// never holds up a loop; when the queue is full the oldest lines are dropped.
//
//   base::LogLine(base::LogLevel::kInfo, "listening", {{"port", port}});
//
// Thread-safe. Never give it a secret, a token or a password.
namespace gatehouse::base {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning", "error".
std::optional<LogLevel> ParseLogLevel(std::string_view name);

// One key and value of a line. Refers to its text; lives as long as the call.
struct LogLineField {
  LogLineField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogLineField(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  LogLineField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogLineField(std::string_view k, double v) : key(k), value(v) {}
  LogLineField(std::string_view k, bool v) : key(k), value(v) {}
  template <typename T>
    requires(std::is_integral_v<T> && !std::is_same_v<T, bool>)
  LogLineField(std::string_view k, T v) : key(k), value(static_cast<int64_t>(v)) {}

  std::string_view key;
  std::variant<std::string_view, int64_t, double, bool> value;
};

// Lines below `level` are dropped. The default is kInfo.
void SetLogLevel(LogLevel level);
bool LogEnabled(LogLevel level);

void LogLine(LogLevel level, std::string_view message,
             std::initializer_list<LogLineField> fields = {});

// Waits until everything logged so far is written: before the process exits.
void FlushLogLines();

// Sends lines (without the line break) to `capture` instead, until destroyed.
// For tests; one at a time.
class ScopedLogCapture {
 public:
  explicit ScopedLogCapture(std::function<void(const std::string&)> capture);
  ~ScopedLogCapture();
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_LOG_LINE_H_
