#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_DOCTOR_JUDGE_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_DOCTOR_JUDGE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "service/config/config.h"
#include "service/main/tools/doctor/finding.h"
#include "storage/server/server_store.h"

namespace gatehouse::service {

// What figures mean: functions of what was found, so that each can be tried without a machine that
// is in trouble.

// What one server with these settings takes of Postgres and of the process.
struct Needs {
  int64_t database_connections = 0;
  int64_t files = 0;
  int64_t hashing_bytes = 0;
};
// `loops`: of the server. `cores`: of the machine.
Needs NeedsOf(const config::Config& config, int64_t loops, int64_t cores);

// What the process may have.
struct ProcessLimits {
  int64_t files = 0;
  // Of the machine, or of the container.
  int64_t memory_bytes = 0;
};
void JudgeLimits(const Needs& needs, const ProcessLimits& limits, Findings& findings);

void JudgeDatabase(const Needs& needs, const storage::DatabaseExamination& database,
                   Findings& findings);

// Of the file system that something lies on; nullopt where this machine does not have it.
struct Space {
  int64_t free_bytes = 0;
  int64_t bytes = 0;
};
void JudgeSpace(const std::string& what, const std::optional<Space>& space, Findings& findings);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_DOCTOR_JUDGE_H_
