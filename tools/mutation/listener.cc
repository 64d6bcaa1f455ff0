// Writes down which faults each test case comes by, and how long it takes: a line for each,
// appended to the file that FAULTS_REACHED names. tools/mutate links it into every test, behind the
// text of faults.h.

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace gatehouse::tools {
namespace {

class Listener : public testing::EmptyTestEventListener {
 public:
  explicit Listener(const char* file) : file_(file) {}

 private:
  // What comes between two cases is not of one case: set-ups of suites, and what the program begins
  // with.
  void OnTestStart(const testing::TestInfo& info) override { Write("*", 0); }
  void OnTestEnd(const testing::TestInfo& info) override {
    Write(std::string(info.test_suite_name()) + "." + info.name(), info.result()->elapsed_time());
  }
  void OnTestProgramEnd(const testing::UnitTest& test) override { Write("*", 0); }

  void Write(const std::string& name, long long milliseconds) {
    std::FILE* file = std::fopen(file_.c_str(), "a");
    if (file == nullptr) return;
    std::fprintf(file, "%s %lld", name.c_str(), milliseconds);
    for (int fault = 0; fault < static_cast<int>(sizeof(reached)); ++fault) {
      if (reached[fault] == 0) continue;
      reached[fault] = 0;
      std::fprintf(file, " %d", fault);
    }
    std::fputc('\n', file);
    std::fclose(file);
  }

  const std::string file_;
};

const bool listens = [] {
  const char* file = std::getenv("FAULTS_REACHED");
  if (file != nullptr) testing::UnitTest::GetInstance()->listeners().Append(new Listener(file));
  return file != nullptr;
}();

}  // namespace
}  // namespace gatehouse::tools
