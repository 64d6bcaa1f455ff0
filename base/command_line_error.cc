#include "base/command_line_error.h"

#include <string>
#include <vector>

namespace gatehouse::base {

bool ExplainCommandLineError(const CLI::App& app, const CLI::ParseError& error,
                             std::string_view program, std::ostream& out, std::ostream& err) {
  // CLI11 says of a command that it does not know only that one is required.
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !unknown.empty()) {
    err << program << ": there is no command \"" << unknown.front()
        << "\"\nRun with --help for more information.\n";
    return false;
  }
  return app.exit(error, out, err) == 0;
}

}  // namespace gatehouse::base
