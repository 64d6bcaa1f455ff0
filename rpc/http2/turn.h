#ifndef GATEHOUSE_RPC_HTTP2_TURN_H_
#define GATEHOUSE_RPC_HTTP2_TURN_H_

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "base/async/loop.h"
#include "base/time.h"

namespace gatehouse::rpc::http2 {

// What the connections and calls of one loop still have to do before the loop waits again: events
// first, then output, so that all that one turn of the loop answers goes out in one write for each
// connection. And nothing is told from within the call that caused it, since whoever asked may
// not be ready to hear.
//
// A turn is no longer than others can wait: what it does not get to is left for the next ones,
// behind what comes in meanwhile. So a client that has sent very much, where each answer makes
// room for the next request, holds up nobody but itself.
//
// Thread: the loop's. Outlives every job.
class Turn {
 public:
  // Lives until it ran, once it was added: whoever is done with itself goes in its own RunJob.
  class Job {
   protected:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    ~Job() = default;
    // It must not go yet, other than by Turn::Remove.
    bool queued() const { return queued_; }

   private:
    friend class Turn;
    virtual void RunJob() = 0;
    bool queued_ = false;
  };

  // While one exists, jobs wait for its end: around the handling of input.
  class Scope {
   public:
    explicit Scope(Turn& turn) : turn_(turn), outermost_(!std::exchange(turn.running_, true)) {}
    ~Scope() {
      if (outermost_) turn_.Run();
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Turn& turn_;
    const bool outermost_;
  };

  explicit Turn(base::Loop& loop) : loop_(loop) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  // Again before it ran: does nothing.
  void AddEvent(Job& job) { Add(events_, job); }
  void AddOutput(Job& job) { Add(outputs_, job); }
  // For a job that goes and may still be queued. Not from within a job.
  void Remove(Job& job) {
    if (!std::exchange(job.queued_, false)) return;
    for (std::vector<Job*>* jobs : {&events_, &outputs_, &backlog_}) {
      std::replace(jobs->begin(), jobs->end(), &job, static_cast<Job*>(nullptr));
    }
  }

 private:
  // Far more than a turn takes in the usual case.
  static constexpr std::chrono::milliseconds kLongest{1};

  void Add(std::vector<Job*>& jobs, Job& job) {
    if (std::exchange(job.queued_, true)) return;
    jobs.push_back(&job);
    if (!running_) PostNext();
  }

  void PostNext() {
    if (std::exchange(posted_, true)) return;
    loop_.Post([this] {
      posted_ = false;
      running_ = true;
      RunSome(backlog_, std::chrono::steady_clock::now() + kLongest);
      Run();
    });
  }

  void Run() {
    const base::SteadyTime until = std::chrono::steady_clock::now() + kLongest;
    while (!events_.empty() || !outputs_.empty()) {
      // Output makes events, of messages that are sent, and they come before the next output.
      RunSome(events_.empty() ? outputs_ : events_, until);
    }
    running_ = false;
    if (!backlog_.empty()) PostNext();
  }

  // What is not run by then goes to the backlog.
  void RunSome(std::vector<Job*>& jobs, base::SteadyTime until) {
    current_.swap(jobs);
    auto next = current_.begin();
    for (; next != current_.end() && std::chrono::steady_clock::now() < until; ++next) {
      if (*next == nullptr) continue;
      (*next)->queued_ = false;
      (*next)->RunJob();
    }
    backlog_.insert(backlog_.end(), next, current_.end());
    current_.clear();
  }

  base::Loop& loop_;
  std::vector<Job*> events_;
  std::vector<Job*> outputs_;
  // Of earlier turns; null in place of what was removed.
  std::vector<Job*> backlog_;
  std::vector<Job*> current_;
  bool running_ = false;
  bool posted_ = false;
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_TURN_H_
