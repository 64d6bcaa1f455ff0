#include "storage/log_feed.h"

#include <algorithm>
#include <utility>

#include "base/async/one_shot.h"

namespace gatehouse::storage {

// Between the publishing thread and the subscriber's loop.
struct LogFeed::Subscription::Mailbox {
  Mailbox(base::Loop& subscriber_loop, std::optional<base::Uuid> tenant)
      : loop(subscriber_loop), tenant_id(tenant) {}

  // On any thread. True if the loop has to be told.
  bool Put(const std::vector<std::shared_ptr<const LogBatch>>& batches, bool incomplete)
      GH_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    const bool was_empty = news.empty();
    news.incomplete |= incomplete;
    for (const auto& batch : batches) {
      if (tenant_id && batch->tenant_id != *tenant_id) continue;
      waiting_entries += batch->entries.size();
      news.batches.push_back(batch);
    }
    if (waiting_entries > kMaxWaitingEntries) {
      news.batches.clear();
      waiting_entries = 0;
      news.incomplete = true;
    }
    return was_empty && !news.empty();
  }

  News Take() GH_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    waiting_entries = 0;
    return std::exchange(news, {});
  }

  base::Loop& loop;
  const std::optional<base::Uuid> tenant_id;
  // Set while Next waits. Loop thread only.
  std::optional<base::OneShot<bool>> waiter;
  base::Mutex mutex;
  News news GH_GUARDED_BY(mutex);
  size_t waiting_entries GH_GUARDED_BY(mutex) = 0;
};

struct LogFeed::State {
  using Mailbox = Subscription::Mailbox;

  std::vector<std::shared_ptr<Mailbox>> Subscribers() GH_EXCLUDES(mutex) {
    base::MutexLock lock(mutex);
    std::vector<std::shared_ptr<Mailbox>> alive;
    std::erase_if(mailboxes, [&](const std::weak_ptr<Mailbox>& weak) {
      std::shared_ptr<Mailbox> mailbox = weak.lock();
      if (!mailbox) return true;
      alive.push_back(std::move(mailbox));
      return false;
    });
    return alive;
  }

  void Deliver(const std::vector<std::shared_ptr<const LogBatch>>& batches, bool incomplete) {
    for (const std::shared_ptr<Mailbox>& mailbox : Subscribers()) {
      if (!mailbox->Put(batches, incomplete)) continue;
      mailbox->loop.Post([weak = std::weak_ptr<Mailbox>(mailbox)] {
        const std::shared_ptr<Mailbox> alive = weak.lock();
        if (alive && alive->waiter) alive->waiter->Set(true);
      });
    }
  }

  base::Mutex mutex;
  std::vector<std::weak_ptr<Mailbox>> mailboxes GH_GUARDED_BY(mutex);
};

LogFeed::LogFeed() : state_(std::make_shared<State>()) {}
LogFeed::~LogFeed() = default;

std::unique_ptr<LogFeed::Subscription> LogFeed::Subscribe(base::Loop& loop,
                                                          std::optional<base::Uuid> tenant_id) {
  auto mailbox = std::make_shared<Subscription::Mailbox>(loop, tenant_id);
  base::MutexLock lock(state_->mutex);
  state_->mailboxes.push_back(mailbox);
  return std::make_unique<Subscription>(std::move(mailbox));
}

void LogFeed::Publish(std::vector<LogBatch> batches) {
  std::vector<std::shared_ptr<const LogBatch>> shared;
  shared.reserve(batches.size());
  for (LogBatch& batch : batches) {
    shared.push_back(std::make_shared<const LogBatch>(std::move(batch)));
  }
  state_->Deliver(shared, false);
}

void LogFeed::Poke() { state_->Deliver({}, true); }

LogFeed::Subscription::Subscription(std::shared_ptr<Mailbox> mailbox)
    : mailbox_(std::move(mailbox)) {}
LogFeed::Subscription::~Subscription() = default;

base::Task<LogFeed::News> LogFeed::Subscription::Next(base::SteadyTime until,
                                                      base::CancelToken cancel) {
  // Keeps it alive should the subscription go while this waits.
  const std::shared_ptr<Mailbox> mailbox = mailbox_;
  News news = mailbox->Take();
  if (!news.empty()) co_return news;
  const base::OneShot<bool> woken;
  mailbox->waiter = woken;
  // Something may have come between Take and here, with its Post already run.
  news = mailbox->Take();
  if (news.empty()) {
    const base::Loop::Timer timer = mailbox->loop.At(until, [woken] { woken.Set(false); });
    const base::CancelToken::Registration registration =
        cancel.OnCancel([woken] { woken.Set(false); });
    co_await woken;
    news = mailbox->Take();
  }
  mailbox->waiter.reset();
  co_return news;
}

}  // namespace gatehouse::storage
