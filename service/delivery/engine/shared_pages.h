#ifndef GATEHOUSE_SERVICE_DELIVERY_ENGINE_SHARED_PAGES_H_
#define GATEHOUSE_SERVICE_DELIVERY_ENGINE_SHARED_PAGES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "service/delivery/queue/delivery_item.h"

namespace gatehouse::service::delivery {

// Pages of tenants' logs that queues have just read for themselves, and those that are being read.
// When events come faster than they are sent, all queues of a tenant are behind at about the same
// place, and what one of them reads the others want next.
//
// Bounded by the bytes of all pages together; the ones that were not used lately go first. The log
// only grows, so that a page is never wrong; but what is no longer wanted must not stay in memory
// for long: see DropOld.
//
// Thread: the engine's loop.
class SharedPages {
 public:
  static constexpr size_t kMaxBytes = size_t{16} << 20;
  static constexpr size_t kMaxPages = 64;
  static constexpr std::chrono::seconds kLongest{10};

  // What a page is of: events of these types (empty: all) of a tenant's log.
  struct Source {
    base::Uuid tenant_id;
    std::vector<std::string> types;

    bool operator==(const Source&) const = default;
  };
  struct Page {
    // All events of `source` from the first index to the last are among the items.
    int64_t first_index = 0;
    int64_t last_index = 0;
    std::vector<DeliveryItem> items;
  };

  // The page with what is at `index`. Null: there is none. Good until the next call.
  const Page* Find(const Source& source, int64_t index, base::SteadyTime now);

  // A read of up to `limit` indexes or more, from `first_index` on, began; and ended.
  void Begin(const Source& source, int64_t first_index, int64_t limit);
  void End(const Source& source, int64_t first_index);
  // Whether such a read may bring what is at `index`.
  bool Comes(const Source& source, int64_t index) const;

  void Add(Source source, Page page, base::SteadyTime now);
  // Forgets pages that were made longer ago than kLongest.
  void DropOld(base::SteadyTime now);

  size_t bytes() const { return bytes_; }

 private:
  struct Kept {
    Source source;
    Page page;
    size_t bytes = 0;
    base::SteadyTime made;
  };
  struct Read {
    Source source;
    int64_t first_index = 0;
    int64_t limit = 0;
  };

  void Drop(std::list<Kept>::iterator kept);

  // The last used first.
  std::list<Kept> pages_;
  std::vector<Read> reads_;
  size_t bytes_ = 0;
};

}  // namespace gatehouse::service::delivery

#endif  // GATEHOUSE_SERVICE_DELIVERY_ENGINE_SHARED_PAGES_H_
