#ifndef GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_FAILURES_WORKER_H_
#define GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_FAILURES_WORKER_H_

#include <chrono>

#include "base/async/loop.h"
#include "base/worker.h"
#include "service/session/login/login_failures.h"
#include "service/worker/periodic_worker.h"

namespace gatehouse::service {

// Writes what LoginFailures counted, every minute and at the end, when no call is left. A process
// that is killed loses the counts of a minute: the first failures of an address, which are written
// one by one, still say where they came from, and to write more often would give who guesses more
// rows of a log that nothing is deleted from.
class LoginFailuresWorker final : public base::Worker {
 public:
  // Both outlive this.
  LoginFailuresWorker(base::Loop& loop, LoginFailures& failures);
  ~LoginFailuresWorker() override;

  void Start() override;
  // A database that does not answer within `grace`, or a second, does not get the last counts; the
  // log says how many.
  void Stop(std::chrono::milliseconds grace) override;

 private:
  base::Loop& loop_;
  LoginFailures& failures_;
  bool started_ = false;
  PeriodicWorker turns_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_SESSION_LOGIN_LOGIN_FAILURES_WORKER_H_
