#ifndef GATEHOUSE_SERVICE_SIGNALS_STOP_SIGNAL_H_
#define GATEHOUSE_SERVICE_SIGNALS_STOP_SIGNAL_H_

namespace gatehouse::service {

// SIGTERM and SIGINT as something main can wait for. gRPC deadlocks when it is
// shut down inside a signal handler or on one of its threads, so the handler
// only rings; main wakes and stops the server in order.
//
// A second signal ends the process at once, with 128 + its number: the operator
// does not want to wait. Programs started meanwhile get default handlers.
//
// What starts may take long, and may have nothing to put in order yet: then
// the first signal ends the process as well, until Ready().
//
// One at a time in a process. Restores the former handlers when destroyed.
class StopSignal {
 public:
  // What a signal does before Ready().
  enum class BeforeReady {
    // Wait returns it, as after Ready().
    kKeep,
    // Ends the process at once, with 128 + its number.
    kExit,
  };

  explicit StopSignal(BeforeReady before_ready = BeforeReady::kKeep);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // From here on the process has to be stopped in order.
  void Ready();

  // Blocks until the first signal or Request(); returns the signal's number, 0
  // for a request.
  int Wait();

  // Asks for the same stop from within: after a fault that only a restart
  // mends. Thread-safe.
  void Request();
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SIGNALS_STOP_SIGNAL_H_
