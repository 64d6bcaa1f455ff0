#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_TOOL_COMMAND_LINE_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_TOOL_COMMAND_LINE_H_

#include <functional>

#include "service/config/config.h"

namespace CLI {
class App;
}

namespace gatehouse::service {

// Of the option --tenant, which is the same wherever there is one.
inline constexpr char kTenantHelp[] = "Id or name of the tenant, if not the default one";

// Adds the commands of tool_commands.h. `add_settings` adds all settings to a command; `choose`
// says what is to run, once all of the command line is parsed.
void AddToolCommands(CLI::App& app, const std::function<void(CLI::App&)>& add_settings,
                     const std::function<void(std::function<int(const config::Config&)>)>& choose);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_TOOL_COMMAND_LINE_H_
