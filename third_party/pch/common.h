#ifndef GATEHOUSE_THIRD_PARTY_PCH_COMMON_H_
#define GATEHOUSE_THIRD_PARTY_PCH_COMMON_H_

// What nearly every file of ours includes, compiled once for each configuration: see pch.bzl. Files
// go on including what they use by themselves; builds with --define=pch=off, as those with
// sanitizers are, notice if one does not.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#endif  // GATEHOUSE_THIRD_PARTY_PCH_COMMON_H_
