#include "base/loop_probe.h"

#include <gtest/gtest.h>

#include <future>

namespace gatehouse::base {
namespace {

using std::chrono::milliseconds;

TEST(LoopProbeTest, NoticesALoopThatHangsAndThatItGoesOn) {
  Loop loop("probed");
  loop.Start();
  std::promise<void> hanging;
  std::promise<void> release;
  loop.Post([&] {
    hanging.set_value();
    release.get_future().wait();
  });
  hanging.get_future().wait();
  LoopProbe probe(loop, milliseconds(100));
  const SteadyTime start{};
  EXPECT_TRUE(probe.Responds(start));
  EXPECT_TRUE(probe.Responds(start + milliseconds(99)));
  EXPECT_FALSE(probe.Responds(start + milliseconds(100)));
  EXPECT_FALSE(probe.Responds(start + milliseconds(5000)));
  release.set_value();
  std::promise<void> through;
  loop.Post([&through] { through.set_value(); });
  through.get_future().wait();
  EXPECT_TRUE(probe.Responds(start + milliseconds(6000)));
  loop.Stop();
}

}  // namespace
}  // namespace gatehouse::base
