#ifndef GATEHOUSE_TESTS_SUPPORT_SMTP_SMTP_SERVER_H_
#define GATEHOUSE_TESTS_SUPPORT_SMTP_SMTP_SERVER_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace gatehouse::tests {

// A real mail server on 127.0.0.1, aiosmtpd, as a child process that ends with this object
// (smtp_server.py says what it can). A failure ends the program.
//
// Thread: any one at a time.
class SmtpServer {
 public:
  // With these arguments of smtp_server.py.
  explicit SmtpServer(const std::vector<std::string>& arguments = {});
  ~SmtpServer();
  SmtpServer(const SmtpServer&) = delete;
  SmtpServer& operator=(const SmtpServer&) = delete;

  // HOST:PORT.
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // A line for it, which it has done when this returns.
  void Tell(const std::string& command);

  // Waits for the next mail that it took: from, to, headers, text, html and so on.
  nlohmann::json NextMail();
  // Mails that it has taken and nobody asked for; by the time that Tell returns there are none that
  // were taken before.
  size_t untold();
  // Waits until it holds an answer back.
  void WaitUntilHeld();

 private:
  // Reads until there is a line of that name.
  nlohmann::json Await(const std::string& name);

  pid_t process_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string buffer_;
  std::deque<nlohmann::json> mails_;
  bool held_ = false;
  uint16_t port_ = 0;
};

}  // namespace gatehouse::tests

#endif  // GATEHOUSE_TESTS_SUPPORT_SMTP_SMTP_SERVER_H_
