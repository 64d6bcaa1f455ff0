#ifndef GATEHOUSE_SERVICE_MAIN_SIGNALS_H_
#define GATEHOUSE_SERVICE_MAIN_SIGNALS_H_

namespace gatehouse::service {

// Blocks SIGINT and SIGTERM in the calling thread and in every thread it makes
// from then on, so that only WaitForStop takes them. First thing in main.
void BlockStopSignals();

// Waits for SIGINT or SIGTERM and returns its number. A further one ends the
// process at once, with status 128 plus its number: whoever asks twice does not
// want to wait for the drain.
int WaitForStop();

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_SIGNALS_H_
