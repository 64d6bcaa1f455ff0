#ifndef GATEHOUSE_SERVICE_MAIN_SERVE_COMMAND_H_
#define GATEHOUSE_SERVICE_MAIN_SERVE_COMMAND_H_

#include <functional>

#include "absl/status/status.h"
#include "service/main/app.h"
#include "service/signals/stop_signal.h"

namespace gatehouse::service {

// Starts the app, lets `greet` print what its user should know, prints the READY line,
// waits for `stop` and stops. Why it could not start, if so. What `serve`, `dev` and the
// benchmarks' server have in common. `stop` is made before anything that takes time, so that Ctrl-C
// is heard from the beginning.
absl::Status ServeUntilStopped(App::Options options, StopSignal& stop,
                               const std::function<void(const App&)>& greet);

// Tells on standard error all that `serve` would refuse about a configuration; the
// ExitCode for it.
int TellFaults(const config::Config& config);

// Tells people on standard error why a command failed and returns the ExitCode for it.
int Fail(const absl::Status& status);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_SERVE_COMMAND_H_
