#ifndef GATEHOUSE_BASE_PAUSE_H_
#define GATEHOUSE_BASE_PAUSE_H_

#include "base/time.h"

namespace gatehouse::base {

// A while that something waits, by a clock that somebody may set. Set back it is over: what would
// else wait until the old time comes again, which may be a year, has only come too early. For what
// is not measured by a clock that tests step, SteadyTime needs none of this.
class Pause {
 public:
  // Over from the first.
  Pause() = default;
  Pause(Time begin, Duration length) : begin_(begin), length_(length) {}

  bool IsOver(Time now) const { return now < begin_ || now >= end(); }
  Time end() const { return begin_ + length_; }

 private:
  Time begin_;
  Duration length_{0};
};

}  // namespace gatehouse::base

#endif  // GATEHOUSE_BASE_PAUSE_H_
