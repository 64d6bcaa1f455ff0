#include "service/delivery/engine/shared_pages.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gatehouse::service::delivery {

const SharedPages::Page* SharedPages::Find(const Source& source, int64_t index,
                                           base::SteadyTime now) {
  DropOld(now);
  const auto found = std::ranges::find_if(pages_, [&](const Kept& kept) {
    return kept.page.first_index <= index && index <= kept.page.last_index && kept.source == source;
  });
  if (found == pages_.end()) return nullptr;
  pages_.splice(pages_.begin(), pages_, found);
  return &pages_.front().page;
}

void SharedPages::Begin(const Source& source, int64_t first_index, int64_t limit) {
  reads_.push_back({.source = source, .first_index = first_index, .limit = limit});
}

void SharedPages::End(const Source& source, int64_t first_index) {
  const auto ended = std::ranges::find_if(reads_, [&](const Read& read) {
    return read.first_index == first_index && read.source == source;
  });
  if (ended != reads_.end()) reads_.erase(ended);
}

bool SharedPages::Comes(const Source& source, int64_t index) const {
  return std::ranges::any_of(reads_, [&](const Read& read) {
    return read.first_index <= index && index - read.first_index < read.limit &&
           read.source == source;
  });
}

void SharedPages::Add(Source source, Page page, base::SteadyTime now) {
  size_t bytes = 0;
  for (const DeliveryItem& item : page.items) bytes += sizeof(item) + item.body->size();
  bytes_ += bytes;
  pages_.push_front(
      {.source = std::move(source), .page = std::move(page), .bytes = bytes, .made = now});
  while (bytes_ > kMaxBytes || pages_.size() > kMaxPages) Drop(std::prev(pages_.end()));
}

void SharedPages::DropOld(base::SteadyTime now) {
  for (auto kept = pages_.begin(); kept != pages_.end();) {
    const auto next = std::next(kept);
    if (now - kept->made > kLongest) Drop(kept);
    kept = next;
  }
}

void SharedPages::Drop(std::list<Kept>::iterator kept) {
  bytes_ -= kept->bytes;
  pages_.erase(kept);
}

}  // namespace gatehouse::service::delivery
