#include "base/worker_pool.h"

#include <pthread.h>

#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace gatehouse::base {

struct WorkerPool::State {
  explicit State(size_t max) : max_queued(max) {}

  const size_t max_queued;
  Mutex mutex;
  CondVar wake;
  std::deque<std::function<void()>> queue GH_GUARDED_BY(mutex);
  bool stopping GH_GUARDED_BY(mutex) = false;
  std::vector<std::thread> threads;

  void Work() {
    while (true) {
      std::function<void()> job;
      {
        MutexLock lock(mutex);
        while (queue.empty() && !stopping) wake.Wait(mutex);
        if (queue.empty()) return;
        job = std::move(queue.front());
        queue.pop_front();
      }
      job();
    }
  }
};

WorkerPool::WorkerPool(std::string name, size_t threads, size_t max_queued)
    : state_(std::make_unique<State>(max_queued)) {
  for (size_t i = 0; i < threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->Work(); });
    pthread_setname_np(state_->threads.back().native_handle(), name.substr(0, 15).c_str());
  }
}

WorkerPool::~WorkerPool() {
  {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.NotifyAll();
  for (std::thread& thread : state_->threads) thread.join();
}

bool WorkerPool::TrySubmit(std::function<void()> job) {
  {
    MutexLock lock(state_->mutex);
    if (state_->stopping || state_->queue.size() >= state_->max_queued) return false;
    state_->queue.push_back(std::move(job));
  }
  state_->wake.NotifyOne();
  return true;
}

size_t WorkerPool::queued() const {
  MutexLock lock(state_->mutex);
  return state_->queue.size();
}

size_t WorkerPool::threads() const { return state_->threads.size(); }

}  // namespace gatehouse::base
