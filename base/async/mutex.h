#ifndef GATEHOUSE_BASE_ASYNC_MUTEX_H_
#define GATEHOUSE_BASE_ASYNC_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <mutex>

// clang's thread-safety annotations. absl::Mutex carries them too, but it lives
// in Debian's uninstrumented library, where ThreadSanitizer cannot see its
// synchronisation; std::mutex it can.
#define GH_CAPABILITY(x) __attribute__((capability(x)))
#define GH_SCOPED_CAPABILITY __attribute__((scoped_lockable))
#define GH_GUARDED_BY(x) __attribute__((guarded_by(x)))
#define GH_REQUIRES(...) __attribute__((requires_capability(__VA_ARGS__)))
#define GH_ACQUIRE(...) __attribute__((acquire_capability(__VA_ARGS__)))
#define GH_RELEASE(...) __attribute__((release_capability(__VA_ARGS__)))
#define GH_EXCLUDES(...) __attribute__((locks_excluded(__VA_ARGS__)))
#define GH_NO_THREAD_SAFETY_ANALYSIS __attribute__((no_thread_safety_analysis))

namespace gatehouse::base {

// std::mutex with annotations. Never held across a co_await.
class GH_CAPABILITY("mutex") Mutex {
 public:
  void Lock() GH_ACQUIRE() { mutex_.lock(); }
  void Unlock() GH_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class GH_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) GH_ACQUIRE(mutex) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() GH_RELEASE() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar {
 public:
  // Waits until notified (or spuriously woken); the caller loops on its condition.
  void Wait(Mutex& mutex) GH_REQUIRES(mutex) GH_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // The same, at most until `deadline`; false if that has passed.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point deadline)
      GH_REQUIRES(mutex) GH_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool in_time = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_ASYNC_MUTEX_H_
