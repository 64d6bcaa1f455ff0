#include "base/async/loop.h"

#include <pthread.h>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "base/async/one_shot.h"

namespace gatehouse::base {

struct Loop::Impl {
  // The first timer makes asio's reactor. Made here, it costs a Loop's constructor the descriptors
  // that it would otherwise ask for at the first connection, where a process that is out of them
  // must go on.
  explicit Impl(std::string thread_name)
      : name(std::move(thread_name)), io(1), work(asio::make_work_guard(io)) {
    asio::steady_timer make_reactor(io);
  }

  std::string name;
  asio::io_context io;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;
  std::thread thread;
  std::atomic<std::thread::id> thread_id;
};

struct Loop::Timer::Impl {
  explicit Impl(asio::io_context& io) : timer(io) {}
  asio::steady_timer timer;
  std::function<void()> fn;
};

Loop::Timer::Timer() = default;
Loop::Timer::Timer(Timer&&) noexcept = default;
Loop::Timer& Loop::Timer::operator=(Timer&& other) noexcept {
  Reset();
  impl_ = std::move(other.impl_);
  return *this;
}
Loop::Timer::~Timer() { Reset(); }

void Loop::Timer::Reset() {
  if (!impl_) return;
  // A handler already queued with success still sees the empty function.
  impl_->fn = nullptr;
  impl_->timer.cancel();
  impl_.reset();
}

Loop::Loop(std::string name) : impl_(std::make_unique<Impl>(std::move(name))) {}

Loop::~Loop() { Stop(); }

void Loop::Start() {
  impl_->thread = std::thread([impl = impl_.get()] {
    impl->thread_id = std::this_thread::get_id();
    pthread_setname_np(pthread_self(), impl->name.substr(0, 15).c_str());
    impl->io.run();
  });
}

void Loop::Stop() {
  if (!impl_->thread.joinable()) return;
  // A posted stop runs after everything posted before it.
  asio::post(impl_->io, [impl = impl_.get()] {
    impl->work.reset();
    impl->io.stop();
  });
  impl_->thread.join();
}

void Loop::Post(std::function<void()> fn) { asio::post(impl_->io, std::move(fn)); }

bool Loop::IsCurrent() const { return impl_->thread_id.load() == std::this_thread::get_id(); }

Loop::Timer Loop::At(SteadyTime when, std::function<void()> fn) {
  Timer timer;
  timer.impl_ = std::make_shared<Timer::Impl>(impl_->io);
  timer.impl_->fn = std::move(fn);
  timer.impl_->timer.expires_at(when);
  timer.impl_->timer.async_wait([impl = timer.impl_](const asio::error_code& error) {
    if (error || !impl->fn) return;
    std::function<void()> run = std::move(impl->fn);
    impl->fn = nullptr;
    run();
  });
  return timer;
}

Task<bool> Loop::SleepUntil(SteadyTime when, CancelToken cancel) {
  OneShot<bool> done;
  Timer timer = At(when, [done] { done.Set(true); });
  CancelToken::Registration on_cancel = cancel.OnCancel([done] { done.Set(false); });
  const bool slept = co_await done;
  co_return slept;
}

asio::io_context& Loop::io() { return impl_->io; }

}  // namespace gatehouse::base
