#include "rpc/user_agent.h"

#include <gtest/gtest.h>

#include <string>

namespace gatehouse::rpc {
namespace {

TEST(UserAgentTest, IsPrintableAsciiOfBoundedLength) {
  EXPECT_EQ(UserAgent("grpc-c++/1.51.1 (linux; \"x\")"), "grpc-c++/1.51.1 (linux; \"x\")");
  EXPECT_EQ(UserAgent(std::string("a\0b\n\x7f\xff\xc3\xa9", 8)), "a?b?????");
  EXPECT_EQ(UserAgent(std::string(513, 'x')), std::string(512, 'x'));
  EXPECT_EQ(UserAgent(""), "");
}

}  // namespace
}  // namespace gatehouse::rpc
