#ifndef GATEHOUSE_SERVICE_MAIN_DEMO_USERS_H_
#define GATEHOUSE_SERVICE_MAIN_DEMO_USERS_H_

#include <string_view>

#include "absl/status/status.h"
#include "service/main/app.h"

namespace gatehouse::service {

inline constexpr std::string_view kDemoPassword = "try-gatehouse";

// Creates admin, analyst and viewer, each with the role of its name and the
// demo password, unless they are there. For `gatehouse dev` alone.
absl::Status SeedDemoUsers(App& app);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_DEMO_USERS_H_
