#include "base/log_line.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <deque>
#include <string>
#include <thread>
#include <utility>

#include "base/async/mutex.h"
#include "base/text/encoding.h"

namespace gatehouse::base {
namespace {

// Lines that may wait for a slow reader of standard error: about 2 MiB.
constexpr size_t kQueuedLines = 8192;

std::atomic<LogLevel> g_level = LogLevel::kInfo;

struct Capture {
  Mutex mutex;
  std::function<void(const std::string&)> callback GH_GUARDED_BY(mutex);
};

Capture& TheCapture() {
  static Capture& capture = *new Capture();
  return capture;
}

std::atomic<bool> g_capturing = false;

std::string_view Name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

// RFC 3339 in UTC, to the microsecond.
std::string Timestamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
  const std::time_t seconds = micros / 1'000'000;
  std::tm utc = {};
  gmtime_r(&seconds, &utc);
  char text[40];
  const size_t size = std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + size, sizeof(text) - size, ".%06dZ", static_cast<int>(micros % 1'000'000));
  return text;
}

// A JSON string. A text that is not UTF-8 has one question mark for each byte outside
// ASCII: a log line must always be parseable.
void AppendString(std::string& out, std::string_view text) {
  if (IsValidUtf8(text)) return AppendJsonString(text, out);
  std::string ascii(text);
  for (char& c : ascii) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  AppendJsonString(ascii, out);
}

void AppendField(std::string& out, const LogLineField& field) {
  out += ',';
  AppendString(out, field.key);
  out += ':';
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    AppendString(out, *text);
  } else if (const auto* number = std::get_if<int64_t>(&field.value)) {
    out += std::to_string(*number);
  } else if (const auto* real = std::get_if<double>(&field.value)) {
    char text[32];
    std::snprintf(text, sizeof(text), "%.3f", *real);
    out += text;
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

std::string Format(LogLevel level, std::string_view message,
                   std::initializer_list<LogLineField> fields) {
  std::string line = "{\"time\":\"" + Timestamp() + "\",\"level\":\"";
  line += Name(level);
  line += "\",\"msg\":";
  AppendString(line, message);
  for (const LogLineField& field : fields) AppendField(line, field);
  line += '}';
  return line;
}

// Lines on their way to standard error. Never destroyed: code may log until the
// last moment.
class Writer {
 public:
  Writer() : thread_([this] { Run(); }) { thread_.detach(); }

  void Push(std::string line) GH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (lines_.size() >= kQueuedLines) {
      lines_.pop_front();
      ++written_;
      ++dropped_;
    }
    lines_.push_back(std::move(line));
    ++pushed_;
    if (lines_.size() == 1) pushed_or_written_.NotifyAll();
  }

  void Flush() GH_EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const uint64_t target = pushed_;
    while (written_ < target) pushed_or_written_.Wait(mutex_);
  }

 private:
  void Run() GH_EXCLUDES(mutex_) {
    std::string text;
    while (true) {
      const size_t taken = Take(text);
      std::fwrite(text.data(), 1, text.size(), stderr);
      std::fflush(stderr);
      MutexLock lock(mutex_);
      written_ += taken;
      pushed_or_written_.NotifyAll();
    }
  }

  // Waits for lines and joins all there are into `text`.
  size_t Take(std::string& text) GH_EXCLUDES(mutex_) {
    std::deque<std::string> lines;
    uint64_t dropped = 0;
    {
      MutexLock lock(mutex_);
      while (lines_.empty()) pushed_or_written_.Wait(mutex_);
      lines.swap(lines_);
      std::swap(dropped, dropped_);
    }
    text.clear();
    if (dropped > 0) {
      text = Format(LogLevel::kWarning, "log lines were dropped", {{"count", dropped}}) + '\n';
    }
    for (const std::string& line : lines) text.append(line).append("\n");
    return lines.size();
  }

  Mutex mutex_;
  CondVar pushed_or_written_;
  std::deque<std::string> lines_ GH_GUARDED_BY(mutex_);
  // Lines given, and lines done with: written or dropped.
  uint64_t pushed_ GH_GUARDED_BY(mutex_) = 0;
  uint64_t written_ GH_GUARDED_BY(mutex_) = 0;
  uint64_t dropped_ GH_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

Writer& TheWriter() {
  static Writer& writer = *new Writer();
  return writer;
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (Name(level) == name) return level;
  }
  return std::nullopt;
}

void SetLogLevel(LogLevel level) { g_level = level; }

bool LogEnabled(LogLevel level) { return level >= g_level.load(std::memory_order_relaxed); }

void LogLine(LogLevel level, std::string_view message, std::initializer_list<LogLineField> fields) {
  if (!LogEnabled(level)) return;
  std::string line = Format(level, message, fields);
  if (g_capturing) {
    MutexLock lock(TheCapture().mutex);
    if (TheCapture().callback) TheCapture().callback(line);
    return;
  }
  TheWriter().Push(std::move(line));
}

void FlushLogLines() { TheWriter().Flush(); }

ScopedLogCapture::ScopedLogCapture(std::function<void(const std::string&)> capture) {
  MutexLock lock(TheCapture().mutex);
  TheCapture().callback = std::move(capture);
  g_capturing = true;
}

ScopedLogCapture::~ScopedLogCapture() {
  MutexLock lock(TheCapture().mutex);
  g_capturing = false;
  TheCapture().callback = nullptr;
}

}  // namespace gatehouse::base
