#ifndef GATEHOUSE_SERVICE_MAIN_SERVE_COMMAND_H_
#define GATEHOUSE_SERVICE_MAIN_SERVE_COMMAND_H_

#include <functional>

#include "absl/status/status.h"
#include "service/main/app.h"

namespace gatehouse::service {

// Starts the app, calls `on_ready`, prints the READY line, waits for SIGINT or
// SIGTERM and stops. Returns an ExitCode. What `serve`, `dev` and the
// benchmarks' server have in common.
int ServeUntilStopped(App::Options options, const std::function<absl::Status(App&)>& on_ready);

// Tells on standard error why a command failed and returns the ExitCode for it.
int Fail(const absl::Status& status);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_SERVE_COMMAND_H_
