#include "base/async/worker_pool.h"

#include <pthread.h>

#include <deque>
#include <utility>

#include "base/async/mutex.h"

namespace gatehouse::base {

struct WorkerPool::State {
  State(size_t max, size_t threads) : max_queued(max), running(threads) {}

  const size_t max_queued;
  Mutex mutex;
  CondVar wake;
  CondVar ended;
  std::deque<std::function<void()>> queue GH_GUARDED_BY(mutex);
  bool stopping GH_GUARDED_BY(mutex) = false;
  // Threads that have not ended.
  size_t running GH_GUARDED_BY(mutex);

  void Stop() {
    {
      MutexLock lock(mutex);
      stopping = true;
    }
    wake.NotifyAll();
  }

  void Work() {
    while (true) {
      std::function<void()> job;
      {
        MutexLock lock(mutex);
        while (queue.empty() && !stopping) wake.Wait(mutex);
        if (queue.empty()) {
          --running;
          ended.NotifyAll();
          return;
        }
        job = std::move(queue.front());
        queue.pop_front();
      }
      job();
    }
  }
};

WorkerPool::WorkerPool(std::string name, size_t threads, size_t max_queued)
    : state_(std::make_shared<State>(max_queued, threads)) {
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([state = state_] { state->Work(); });
    pthread_setname_np(threads_.back().native_handle(), name.substr(0, 15).c_str());
  }
}

WorkerPool::~WorkerPool() {
  state_->Stop();
  for (std::thread& thread : threads_) thread.join();
}

bool WorkerPool::StopBy(SteadyTime deadline) {
  state_->Stop();
  // Destroyed without the lock: what a job holds may be anything.
  std::deque<std::function<void()>> dropped;
  bool all = true;
  {
    MutexLock lock(state_->mutex);
    while (state_->running > 0 && all) all = state_->ended.WaitUntil(state_->mutex, deadline);
    all = state_->running == 0;
    dropped.swap(state_->queue);
  }
  for (std::thread& thread : threads_) all ? thread.join() : thread.detach();
  threads_.clear();
  return all;
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

size_t WorkerPool::threads() const { return threads_.size(); }

}  // namespace gatehouse::base
