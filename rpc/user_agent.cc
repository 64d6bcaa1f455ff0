#include "rpc/user_agent.h"

#include <algorithm>

namespace gatehouse::rpc {
namespace {

// As much as RecordEvent takes; browsers send some 200.
constexpr size_t kMaxUserAgentBytes = 512;

}  // namespace

std::string UserAgent(std::string_view header) {
  std::string text(header.substr(0, kMaxUserAgentBytes));
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace gatehouse::rpc
