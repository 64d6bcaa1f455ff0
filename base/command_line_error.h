#ifndef GATEHOUSE_BASE_COMMAND_LINE_ERROR_H_
#define GATEHOUSE_BASE_COMMAND_LINE_ERROR_H_

#include <CLI/CLI.hpp>
#include <ostream>
#include <string_view>

namespace gatehouse::base {

// Tells why `app` could not parse a command line, or prints the help that was asked for.
// `program` begins the line about a command that there is not. True for help.
bool ExplainCommandLineError(const CLI::App& app, const CLI::ParseError& error,
                             std::string_view program, std::ostream& out, std::ostream& err);

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_COMMAND_LINE_ERROR_H_
