#ifndef GATEHOUSE_SERVICE_MAIN_COMMAND_LINE_H_
#define GATEHOUSE_SERVICE_MAIN_COMMAND_LINE_H_

namespace gatehouse::service {

// The program `gatehouse`: parses the command line, runs one command, returns
// its exit code.
int RunCommandLine(int argc, char** argv);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_COMMAND_LINE_H_
