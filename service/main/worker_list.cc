#include "service/main/worker_list.h"

#include <algorithm>
#include <utility>

#include "base/log_line.h"
#include "base/time.h"

namespace gatehouse::service {

WorkerList::WorkerList(std::vector<Entry> entries) : entries_(std::move(entries)) {}

WorkerList::~WorkerList() { Stop(std::chrono::milliseconds(0)); }

void WorkerList::Start() {
  started_ = true;
  for (const Entry& entry : entries_) entry.worker.Start();
}

void WorkerList::Stop(std::chrono::milliseconds grace) {
  using std::chrono::milliseconds;
  if (!std::exchange(started_, false)) return;
  const base::SteadyTime end = std::chrono::steady_clock::now() + grace;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    // The last such line names the worker that holds up a stop.
    base::LogLine(base::LogLevel::kDebug, "stopping a worker", {{"worker", entry->name}});
    const auto rest =
        std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now());
    entry->worker.Stop(std::max(milliseconds(0), rest));
  }
}

}  // namespace gatehouse::service
