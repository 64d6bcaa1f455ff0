#include "service/main/tools/password_prompt.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/text/ascii.h"

namespace gatehouse::service {
namespace {

// Until it is gone what is typed is not shown.
class SilentTerminal {
 public:
  explicit SilentTerminal(int terminal) : terminal_(terminal) {
    silent_ = tcgetattr(terminal_, &before_) == 0;
    termios changed = before_;
    changed.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    // What was typed before the question is no answer to it.
    if (silent_) silent_ = tcsetattr(terminal_, TCSAFLUSH, &changed) == 0;
  }
  ~SilentTerminal() {
    if (silent_) tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

  bool silent() const { return silent_; }

 private:
  const int terminal_;
  bool silent_ = false;
  termios before_ = {};
};

absl::StatusOr<std::string> ReadLine() {
  std::string line;
  std::getline(std::cin, line);
  const std::string_view password = base::WithoutLineEnd(line);
  if (password.empty()) return base::InvalidField("--password-file", "the password is empty");
  return std::string(password);
}

absl::StatusOr<std::string> Ask(const std::string& question) {
  const SilentTerminal terminal(STDIN_FILENO);
  if (!terminal.silent()) {
    return base::InvalidField("--password-file", "is required: there is no terminal to ask at");
  }
  std::cerr << question << std::flush;
  absl::StatusOr<std::string> answer = ReadLine();
  std::cerr << "\n";
  return answer;
}

}  // namespace

absl::StatusOr<std::string> AskForPassword(const std::string& whose) {
  GH_ASSIGN_OR_RETURN(std::string password, Ask(absl::StrCat("Password for ", whose, ": ")));
  GH_ASSIGN_OR_RETURN(const std::string again, Ask("Once more: "));
  if (password != again) return base::InvalidField("password", "the two are not the same");
  return password;
}

absl::StatusOr<std::string> ReadPasswordFromStandardInput() { return ReadLine(); }

}  // namespace gatehouse::service
