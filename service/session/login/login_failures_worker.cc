#include "service/session/login/login_failures_worker.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/async/run_on_loop.h"
#include "base/async/watchdog.h"
#include "base/log_line.h"
#include "base/system_context.h"

namespace gatehouse::service {
namespace {

constexpr char kName[] = "login_failures";
constexpr auto kPause = std::chrono::minutes(1);
// Also if the calls took all of the grace.
constexpr std::chrono::milliseconds kShortestEnd{1'000};

}  // namespace

LoginFailuresWorker::LoginFailuresWorker(base::Loop& loop, LoginFailures& failures)
    : loop_(loop),
      failures_(failures),
      turns_(loop, {.name = kName, .pause = kPause},
             [&failures](base::CallContext ctx) { return failures.WriteCounted(std::move(ctx)); }) {
}

LoginFailuresWorker::~LoginFailuresWorker() { Stop(std::chrono::milliseconds(0)); }

void LoginFailuresWorker::Start() {
  started_ = true;
  turns_.Start();
}

void LoginFailuresWorker::Stop(std::chrono::milliseconds grace) {
  if (!std::exchange(started_, false)) return;
  turns_.Stop(grace);
  const auto time = std::max(grace, kShortestEnd);
  const base::CancelToken cancel;
  const base::Watchdog over(std::chrono::steady_clock::now() + time,
                            [this, cancel] { loop_.Post([cancel] { cancel.Cancel(); }); });
  const absl::Status written = base::RunOnLoop<absl::Status>(loop_, [&] {
    return failures_.WriteCounted(base::SystemContext(loop_, kName, time, cancel));
  });
  if (written.ok()) return;
  base::LogLine(
      base::LogLevel::kError, "counted failures of logins could not be written",
      {{"counts", std::to_string(failures_.counted())}, {"error", std::string(written.message())}});
}

}  // namespace gatehouse::service
