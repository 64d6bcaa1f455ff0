#include "service/delivery/http/name_resolver.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/async/mutex.h"
#include "tests/support/coroutine/loop_runner.h"

namespace gatehouse::service::delivery {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Addresses = NameResolver::Addresses;

Addresses Address(const std::string& text) { return {*IpAddress::Parse(text)}; }

// Name servers that answer what, and when, the test likes. Thread-safe.
class NameServers {
 public:
  // What a look-up blocks in.
  Addresses LookUp(const std::string& host) {
    base::MutexLock lock(mutex_);
    ++asked_[host];
    changed_.NotifyAll();
    while (silent_.contains(host)) changed_.Wait(mutex_);
    const auto found = answers_.find(host);
    return found == answers_.end() ? Addresses() : found->second;
  }

  void Set(const std::string& host, const Addresses& addresses) {
    base::MutexLock lock(mutex_);
    answers_[host] = addresses;
  }
  // Look-ups of `host` do not return before Speak.
  void Silence(const std::string& host) {
    base::MutexLock lock(mutex_);
    silent_.insert(host);
  }
  void Speak(const std::string& host) {
    base::MutexLock lock(mutex_);
    silent_.erase(host);
    changed_.NotifyAll();
  }
  void SpeakAll() {
    base::MutexLock lock(mutex_);
    silent_.clear();
    changed_.NotifyAll();
  }

  int asked(const std::string& host) {
    base::MutexLock lock(mutex_);
    return asked_[host];
  }
  void WaitUntilAsked(const std::string& host, int times) {
    base::MutexLock lock(mutex_);
    while (asked_[host] < times) changed_.Wait(mutex_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::map<std::string, Addresses> answers_ GH_GUARDED_BY(mutex_);
  std::set<std::string> silent_ GH_GUARDED_BY(mutex_);
  std::map<std::string, int> asked_ GH_GUARDED_BY(mutex_);
};

class NameResolverTest : public ::testing::Test {
 protected:
  // Of the resolver's threads.
  static constexpr int kThreads = 8;

  NameResolverTest() {
    runner_.RunPlain([this] {
      resolver_.emplace(
          runner_.loop(),
          [servers = servers_](const std::string& host) { return servers->LookUp(host); },
          [this] { return now_; });
    });
  }
  ~NameResolverTest() override {
    servers_->SpeakAll();
    runner_.RunPlain([this] { resolver_.reset(); });
  }

  std::future<Addresses> Start(const std::string& host, seconds patience = minutes(10)) {
    const auto promise = std::make_shared<std::promise<Addresses>>();
    runner_.RunPlain([&] {
      resolver_->Resolve(host, now_ + patience,
                         [promise](const Addresses& found) { promise->set_value(found); });
    });
    return promise->get_future();
  }
  Addresses Resolve(const std::string& host) { return Start(host).get(); }

  void Pass(seconds time) {
    runner_.RunPlain([&] { now_ += time; });
  }

  static std::string DeadName(int i) { return "dead" + std::to_string(i) + ".example.com"; }

  // Threads in look-ups that do not return.
  std::vector<std::future<Addresses>> Occupy(int threads) {
    std::vector<std::future<Addresses>> futures;
    for (int i = 0; i < threads; ++i) {
      servers_->Silence(DeadName(i));
      futures.push_back(Start(DeadName(i)));
      servers_->WaitUntilAsked(DeadName(i), 1);
    }
    return futures;
  }

  const std::shared_ptr<NameServers> servers_ = std::make_shared<NameServers>();
  tests::LoopRunner runner_;
  // The loop's.
  base::SteadyTime now_ = base::SteadyTime(std::chrono::hours(1));
  std::optional<NameResolver> resolver_;
};

TEST_F(NameResolverTest, AsksOnceForAllWhoWaitAndRemembersTheAnswer) {
  servers_->Set("a.example.com", Address("192.0.2.1"));
  servers_->Silence("a.example.com");
  std::future<Addresses> first = Start("a.example.com");
  std::future<Addresses> second = Start("a.example.com");
  servers_->Speak("a.example.com");
  EXPECT_EQ(first.get(), Address("192.0.2.1"));
  EXPECT_EQ(second.get(), Address("192.0.2.1"));
  Pass(seconds(59));
  EXPECT_EQ(Resolve("a.example.com"), Address("192.0.2.1"));
  EXPECT_EQ(servers_->asked("a.example.com"), 1);
}

TEST_F(NameResolverTest, DoesNotLookUpWhatNobodyWaitsForAnyMore) {
  const auto occupied = Occupy(kThreads);
  servers_->Set("next.example.com", Address("192.0.2.1"));
  std::future<Addresses> late = Start("late.example.com", seconds(5));
  std::future<Addresses> next = Start("next.example.com", seconds(60));
  Pass(seconds(5));
  // One thread for both: the late one would come first.
  servers_->Speak(DeadName(0));
  EXPECT_EQ(next.get(), Address("192.0.2.1"));
  EXPECT_EQ(servers_->asked("late.example.com"), 0);
  // Who asks again is heard.
  servers_->Set("late.example.com", Address("192.0.2.2"));
  EXPECT_EQ(Resolve("late.example.com"), Address("192.0.2.2"));
}

TEST_F(NameResolverTest, LooksUpForAnyoneWhoStillWaits) {
  const auto occupied = Occupy(kThreads);
  servers_->Set("a.example.com", Address("192.0.2.1"));
  std::future<Addresses> patient = Start("a.example.com", seconds(60));
  std::future<Addresses> late = Start("a.example.com", seconds(5));
  Pass(seconds(5));
  servers_->Speak(DeadName(0));
  EXPECT_EQ(patient.get(), Address("192.0.2.1"));
}

TEST_F(NameResolverTest, RemembersForSomeSecondsThatThereIsNoAnswer) {
  EXPECT_EQ(Resolve("a.example.com"), Addresses());
  servers_->Set("a.example.com", Address("192.0.2.1"));
  Pass(seconds(4));
  EXPECT_EQ(Resolve("a.example.com"), Addresses());
  EXPECT_EQ(servers_->asked("a.example.com"), 1);
  Pass(seconds(1));
  EXPECT_EQ(Resolve("a.example.com"), Address("192.0.2.1"));
}

TEST_F(NameResolverTest, NamesThatFailedDoNotOccupyAllThreads) {
  for (int i = 0; i < kThreads; ++i) EXPECT_EQ(Resolve(DeadName(i)), Addresses());
  Pass(seconds(5));
  std::vector<std::future<Addresses>> futures;
  for (int i = 0; i < kThreads; ++i) {
    servers_->Silence(DeadName(i));
    futures.push_back(Start(DeadName(i)));
  }
  servers_->Set("new.example.com", Address("192.0.2.1"));
  EXPECT_EQ(Resolve("new.example.com"), Address("192.0.2.1"));
  // They get their turns all the same.
  servers_->SpeakAll();
  for (std::future<Addresses>& future : futures) EXPECT_EQ(future.get(), Addresses());
}

TEST_F(NameResolverTest, GivesAnExpiredAnswerWhileItAsksAgain) {
  servers_->Set("a.example.com", Address("192.0.2.1"));
  EXPECT_EQ(Resolve("a.example.com"), Address("192.0.2.1"));
  servers_->Set("a.example.com", Address("192.0.2.2"));
  servers_->Silence("a.example.com");
  Pass(seconds(60));
  EXPECT_EQ(Resolve("a.example.com"), Address("192.0.2.1"));
  servers_->WaitUntilAsked("a.example.com", 2);
  EXPECT_EQ(Resolve("a.example.com"), Address("192.0.2.1"));
  // Too old: now the new one is waited for.
  Pass(minutes(5));
  std::future<Addresses> fresh = Start("a.example.com");
  servers_->Speak("a.example.com");
  EXPECT_EQ(fresh.get(), Address("192.0.2.2"));
  EXPECT_EQ(servers_->asked("a.example.com"), 2);
}

TEST_F(NameResolverTest, KeepsAnAnswerForAWhileIfItCannotBeRefreshed) {
  // One thread is left, so that look-ups are remembered one after the other.
  const auto occupied = Occupy(kThreads - 1);
  servers_->Set("a.example.com", Address("192.0.2.1"));
  EXPECT_EQ(Resolve("a.example.com"), Address("192.0.2.1"));
  servers_->Set("a.example.com", {});
  Pass(seconds(60));
  EXPECT_EQ(Resolve("a.example.com"), Address("192.0.2.1"));
  EXPECT_EQ(Resolve("other.example.com"), Addresses());
  // Known to have failed: not asked for with each request.
  EXPECT_EQ(Resolve("a.example.com"), Address("192.0.2.1"));
  EXPECT_EQ(servers_->asked("a.example.com"), 2);
  Pass(minutes(5));
  EXPECT_EQ(Resolve("a.example.com"), Addresses());
}

// A resolver, and then its loop, that go while a look-up is under way.
TEST(NameResolverStopTest, LeavesALookUpThatDoesNotReturnBehind) {
  auto runner = std::make_unique<tests::LoopRunner>();
  std::promise<void> started;
  std::promise<void> release;
  // Lives as long as anything of the look-up does.
  auto gone = std::make_shared<std::promise<void>>();
  std::future<void> look_up_gone = gone->get_future();
  std::shared_ptr<void> owned(nullptr, [gone](void*) { gone->set_value(); });
  auto released = std::make_shared<std::shared_future<void>>(release.get_future().share());
  bool answered = false;
  std::optional<NameResolver> resolver;
  runner->RunPlain([&] {
    resolver.emplace(runner->loop(),
                     [&started, owned = std::move(owned), released](const std::string&) {
                       started.set_value();
                       released->wait();
                       return Address("192.0.2.1");
                     });
    resolver->Resolve("a.example.com", base::SteadyTime::max(),
                      [&](const Addresses&) { answered = true; });
  });
  started.get_future().wait();
  // Would wait for ever.
  runner->RunPlain([&] { resolver.reset(); });
  runner.reset();
  release.set_value();
  look_up_gone.wait();
  EXPECT_FALSE(answered);
}

}  // namespace
}  // namespace gatehouse::service::delivery
