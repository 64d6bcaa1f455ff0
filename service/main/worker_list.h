#ifndef GATEHOUSE_SERVICE_MAIN_WORKER_LIST_H_
#define GATEHOUSE_SERVICE_MAIN_WORKER_LIST_H_

#include <chrono>
#include <string_view>
#include <vector>

#include "base/worker.h"

namespace gatehouse::service {

// The workers of a process, in the order in which they start. They stop in reverse, one after
// the other.
//
// Thread: one that is no loop.
class WorkerList {
 public:
  struct Entry {
    // A literal: what the log calls it.
    std::string_view name;
    // Outlives the list.
    base::Worker& worker;
  };

  explicit WorkerList(std::vector<Entry> entries);
  ~WorkerList();
  WorkerList(const WorkerList&) = delete;
  WorkerList& operator=(const WorkerList&) = delete;

  // Once.
  void Start();

  // All of them share `grace`. Idempotent, also before Start.
  void Stop(std::chrono::milliseconds grace);

 private:
  const std::vector<Entry> entries_;
  bool started_ = false;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_WORKER_LIST_H_
