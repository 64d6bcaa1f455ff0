#ifndef GATEHOUSE_RPC_HTTP2_TURN_H_
#define GATEHOUSE_RPC_HTTP2_TURN_H_

#include <utility>
#include <vector>

#include "base/async/loop.h"

namespace gatehouse::rpc::http2 {

// What the connections and calls of one loop still have to do before the loop waits again: events
// first, then output, so that all that one turn of the loop answers goes out in one write for each
// connection. And nothing is told from within the call that caused it, since whoever asked may
// not be ready to hear.
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
    // It must not go yet.
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

 private:
  void Add(std::vector<Job*>& jobs, Job& job) {
    if (std::exchange(job.queued_, true)) return;
    jobs.push_back(&job);
    if (running_ || std::exchange(posted_, true)) return;
    loop_.Post([this] {
      posted_ = false;
      const Scope scope(*this);
    });
  }

  void Run() {
    while (!events_.empty() || !outputs_.empty()) {
      // Output makes events, of messages that are sent, and they come before the next output.
      RunAll(events_.empty() ? outputs_ : events_);
    }
    running_ = false;
  }

  void RunAll(std::vector<Job*>& jobs) {
    current_.swap(jobs);
    for (Job* job : current_) {
      job->queued_ = false;
      job->RunJob();
    }
    current_.clear();
  }

  base::Loop& loop_;
  std::vector<Job*> events_;
  std::vector<Job*> outputs_;
  std::vector<Job*> current_;
  bool running_ = false;
  bool posted_ = false;
};

}  // namespace gatehouse::rpc::http2

#endif  // GATEHOUSE_RPC_HTTP2_TURN_H_
