#ifndef GATEHOUSE_SERVICE_DELIVERY_QUEUE_ORDER_LANES_H_
#define GATEHOUSE_SERVICE_DELIVERY_QUEUE_ORDER_LANES_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "service/delivery/queue/delivery_item.h"
#include "storage/delivery/delivery.h"

namespace gatehouse::service::delivery {

// Lets the events of one ordering key go to an endpoint one after the other, in the order of the
// log. Each key that has something under way has a lane. While the first of a lane is tried for the
// first time, those behind it wait here. Once it has failed they must not wait in memory, nor hold
// up the endpoint's position: they become exceptions without a due time ("deferred"), and whoever
// comes later does, too. When one is deferred, and when a failed one is done with, the database is
// asked, in the transaction that writes so, to make the first one of its key due, and answers
// whether there is one: a deliverer that dies in between leaves no lane behind that nobody moves
// on.
//
// At most kMaxLanes keys are known. Beyond that it is not known of a key that has no lane whether
// exceptions of it wait: each of its events is deferred.
//
// A value, of one EndpointQueue.
class OrderLanes {
 public:
  static constexpr size_t kMaxLanes = 2'000;

  OrderLanes() = default;
  // `held`: keys of which exceptions wait; all of them if there are no more than fit.
  explicit OrderLanes(const std::vector<std::string>& held);

  // What becomes of events when something has changed.
  struct Step {
    // To be made exceptions without a due time.
    std::vector<DeliveryItem> deferred = {};
    // Its turn has come.
    std::optional<DeliveryItem> next = std::nullopt;
    // Exceptions of the key may be due.
    bool look = false;
  };

  // An event whose first attempt is to come, in the order of the log.
  Step Add(DeliveryItem item);
  // Exceptions that are due, with those that follow each of them in its lane. Returns those whose
  // turn it is; what must wait longer is left out, to be read again.
  std::vector<DeliveryItem> AddRetries(std::vector<DeliveryItem> items);

  // The one of the key that went is done with: delivered, exhausted or dropped.
  Step OnSettled(const DeliveryItem& item);
  // It is an exception now, to be tried again.
  Step OnFailed(const DeliveryItem& item);

  // What was read of exceptions is old: those in `ready` are given up, and so is what follows those
  // in flight.
  void ForgetRetries(const std::deque<DeliveryItem>& ready);

  // For the next flush: keys whose next exception is to be made due.
  std::vector<std::string> TakeReleases();
  // The database's answer: whether there is one.
  Step OnReleased(const std::string& key, bool more);

  // First attempts that wait here.
  size_t waiting() const { return waiting_; }
  // Exceptions that are read and follow others.
  std::vector<int64_t> followers() const;
  bool has_releases() const { return !releases_.empty(); }
  // Nothing of it waits in memory.
  bool idle() const { return waiting_ == 0 && followers_ == 0 && releases_.empty(); }

 private:
  struct Lane {
    // One of the key is ready or in flight.
    bool busy = false;
    // Exceptions of the key may wait.
    bool rows = false;
    // Whether they do is being asked: what comes waits for the answer.
    bool asking = false;
    // Some that were due could not be taken.
    bool missed = false;
    // Exceptions, the next first.
    std::deque<DeliveryItem> followers = {};
    // First attempts.
    std::deque<DeliveryItem> waiting = {};
  };
  using Lanes = std::map<std::string, Lane>;

  Step Advance(Lanes::iterator lane);
  void Defer(DeliveryItem item, Step& step);
  void DropFollowers(Lane& lane);

  Lanes lanes_;
  // A key without a lane has no exceptions.
  bool complete_ = true;
  size_t waiting_ = 0;
  size_t followers_ = 0;
  std::set<std::string> releases_;
  // Keys of exceptions that no flush has taken yet.
  std::set<std::string> unwritten_;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_QUEUE_ORDER_LANES_H_
