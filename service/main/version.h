#ifndef GATEHOUSE_SERVICE_MAIN_VERSION_H_
#define GATEHOUSE_SERVICE_MAIN_VERSION_H_

#include <string_view>

namespace gatehouse::service {

// Semantic Versioning 2.0.0.
inline constexpr std::string_view kVersion = "0.1.0";

// What made this program, and how.
#ifdef NDEBUG
inline constexpr std::string_view kBuild = __VERSION__ ", without assertions";
#else
inline constexpr std::string_view kBuild = __VERSION__ ", with assertions";
#endif

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_VERSION_H_
