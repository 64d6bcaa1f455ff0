#ifndef GATEHOUSE_AUTH_PASSWORD_FAIR_QUEUE_H_
#define GATEHOUSE_AUTH_PASSWORD_FAIR_QUEUE_H_

#include <algorithm>
#include <cstddef>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace gatehouse::auth {

// What waits, in turns: every key that has something waiting gets the next turn before any
// gets its second. So whoever fills the queue waits behind itself, and others hardly longer than
// without it.
//
// When the queue is full, the key with most waiting gives way to one with less. Not
// thread-safe.
template <typename T>
class FairQueue {
 public:
  explicit FairQueue(size_t max) : max_(max) {}

  struct Pushed {
    bool accepted = false;
    // The last of the longest line, which had to make room.
    std::optional<T> displaced = {};
  };

  // Not accepted if the queue is full and no key has more waiting than `key` would have.
  Pushed Push(const std::string& key, T value) {
    Pushed pushed;
    if (size_ >= max_) {
      const auto longest = std::max_element(lines_.begin(), lines_.end(), ShorterLine);
      if (longest == lines_.end() || longest->second.size() <= LineOf(key) + 1) return pushed;
      // More than one, so the line and its turn stay.
      pushed.displaced = std::move(longest->second.back());
      longest->second.pop_back();
      --size_;
    }
    auto [line, is_new] = lines_.try_emplace(key);
    if (is_new) turns_.push_back(key);
    line->second.push_back(std::move(value));
    ++size_;
    pushed.accepted = true;
    return pushed;
  }

  // The next one; nullopt if none waits.
  std::optional<T> Pop() {
    if (turns_.empty()) return std::nullopt;
    const auto line = lines_.find(turns_.front());
    std::optional<T> value = std::move(line->second.front());
    line->second.pop_front();
    --size_;
    if (line->second.empty()) {
      turns_.pop_front();
      lines_.erase(line);
    } else {
      turns_.splice(turns_.end(), turns_, turns_.begin());
    }
    return value;
  }

  // How many get their turn before one of `key` that comes now.
  size_t Ahead(const std::string& key) const {
    const size_t own = LineOf(key);
    size_t ahead = own;
    for (const auto& [other, line] : lines_) {
      if (other != key) ahead += std::min(line.size(), own + 1);
    }
    return ahead;
  }

  size_t size() const { return size_; }

 private:
  using Lines = std::unordered_map<std::string, std::deque<T>>;

  static bool ShorterLine(const typename Lines::value_type& a,
                          const typename Lines::value_type& b) {
    return a.second.size() < b.second.size();
  }
  size_t LineOf(const std::string& key) const {
    const auto line = lines_.find(key);
    return line == lines_.end() ? 0 : line->second.size();
  }

  const size_t max_;
  size_t size_ = 0;
  // None is empty.
  Lines lines_;
  // Every key of `lines_` once, next one first.
  std::list<std::string> turns_;
};

}  // namespace gatehouse::auth

#endif  // GATEHOUSE_AUTH_PASSWORD_FAIR_QUEUE_H_
