#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "base/async/loop.h"
#include "base/async/run_on_loop.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"
#include "base/time.h"
#include "migrations/schema_state.h"
#include "service/main/area/retention_options.h"
#include "service/main/area/storage_area.h"
#include "service/main/config_check.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/main/tools/report.h"
#include "service/main/tools/tool_commands.h"
#include "service/retention/retention_periods.h"
#include "service/retention/retention_sweeper.h"

namespace gatehouse::service {
namespace {

using Count = RetentionSweep::Count;

// Of one sweep, which the next one goes on from.
constexpr auto kSweepTimeout = std::chrono::minutes(10);
// A table is dropped while others wait for it.
constexpr auto kStatementTimeout = std::chrono::minutes(5);
// Nothing of what is swept is sealed.
constexpr char kNoMasterKey[] = "none";

std::string TimeText(base::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMicros(base::ToMicros(time)),
                          absl::UTCTimeZone());
}

// "about 5 rows".
std::string RowsText(const RetentionSweep& sweep, RetentionPolicy policy) {
  const char* const what = policy == RetentionPolicy::kEvents         ? " events"
                           : policy == RetentionPolicy::kMessages     ? " messages"
                           : policy == RetentionPolicy::kDeletedUsers ? " users"
                                                                      : " rows";
  switch (sweep.count) {
    case Count::kLeast:
      return absl::StrCat("at least ", sweep.rows, what);
    case Count::kAbout:
      return absl::StrCat("about ", sweep.rows, what);
    case Count::kExact:
      break;
  }
  return absl::StrCat(sweep.rows, what);
}

std::string Sentence(RetentionPolicy policy, const RetentionSweep& sweep, bool dry_run) {
  std::string text = absl::StrCat(std::string(NameOf(policy)), ": ");
  if (!sweep.before) return absl::StrCat(text, "kept for ever");
  absl::StrAppend(&text, dry_run ? "would delete " : "deleted ", RowsText(sweep, policy));
  if (!sweep.partitions.empty()) {
    absl::StrAppend(&text, ", ", dry_run ? "drop " : "dropped ", sweep.partitions.size(),
                    " tables of days (", sweep.partitions.front());
    if (sweep.partitions.size() > 1) {
      absl::StrAppend(&text, " to ", sweep.partitions.back());
    }
    absl::StrAppend(&text, ")");
    if (sweep.bytes > 0) absl::StrAppend(&text, ", ", BytesText(sweep.bytes));
  }
  absl::StrAppend(&text, "; nothing from before ", TimeText(*sweep.before), " is needed");
  if (sweep.oldest_kept && *sweep.oldest_kept != *sweep.before) {
    absl::StrAppend(&text, ", the oldest day is ", TimeText(*sweep.oldest_kept).substr(0, 10));
  }
  for (const auto& held : sweep.held) {
    absl::StrAppend(&text, "\n  kept for longer: tenant ", held.tenant_id.ToString(),
                    " from index ", held.index, " on (", TimeText(held.recorded_time),
                    "), which an endpoint, a replay or a subscription still waits for");
  }
  return text;
}

JsonObject ToJson(RetentionPolicy policy, const RetentionSweep& sweep, bool dry_run) {
  JsonObject json;
  json.Add("policy", NameOf(policy)).AddBool("dry_run", dry_run);
  json.AddBool("for_ever", !sweep.before.has_value());
  if (!sweep.before) return json;
  json.Add("before", TimeText(*sweep.before)).AddNumber("rows", sweep.rows);
  if (sweep.count != Count::kExact) {
    json.Add("rows_are", sweep.count == Count::kLeast ? "at_least" : "about");
  }
  json.Add("partitions", sweep.partitions);
  if (sweep.bytes > 0) json.AddNumber("bytes", sweep.bytes);
  if (sweep.oldest_kept) json.Add("oldest_kept", TimeText(*sweep.oldest_kept));
  std::vector<std::string> held;
  for (const auto& log : sweep.held) {
    held.push_back(absl::StrCat(log.tenant_id.ToString(), " ", log.index));
  }
  json.Add("held", held);
  return json;
}

// What came before it in the same run.
void Add(const RetentionSweep& before, RetentionSweep& sweep) {
  sweep.rows += before.rows;
  sweep.partitions.insert(sweep.partitions.begin(), before.partitions.begin(),
                          before.partitions.end());
}

absl::StatusOr<std::vector<RetentionPolicy>> PoliciesOf(const RetentionArguments& arguments) {
  if (arguments.policies.empty()) {
    return std::vector<RetentionPolicy>(kRetentionPolicies.begin(), kRetentionPolicies.end());
  }
  std::vector<RetentionPolicy> policies;
  for (const std::string& name : arguments.policies) {
    const auto* const found = std::ranges::find(kRetentionPolicies, name, NameOf);
    if (found == kRetentionPolicies.end()) {
      std::vector<std::string> names;
      for (const RetentionPolicy policy : kRetentionPolicies) names.emplace_back(NameOf(policy));
      return base::InvalidField("--policy",
                                absl::StrCat("must be one of ", absl::StrJoin(names, ", ")));
    }
    policies.push_back(*found);
  }
  return policies;
}

absl::Status SweepAll(const config::Config& config, const RetentionArguments& arguments) {
  GH_ASSIGN_OR_RETURN(const std::vector<RetentionPolicy> policies, PoliciesOf(arguments));
  GH_RETURN_IF_ERROR(CheckDatabaseSettings(config.database));
  GH_RETURN_IF_ERROR(
      migrations::CheckDatabaseAndSchema(config.database.direct(), config.database.password_file));
  base::Loop loop("retention");
  loop.Start();
  storage::postgres::DatabaseConfig database = DirectConfigOf(config.database);
  database.statement_timeout = kStatementTimeout;
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<StorageArea> storage,
                      StorageArea::Open(std::move(database), kNoMasterKey, {&loop}));
  const base::SystemClock clock;
  RetentionSweeper sweeper(RetentionDepsOf(*storage, clock), RetentionPeriodsOf(config.retention));
  Report report = Report::OnStandardOutput(arguments.format);
  absl::Status problem;
  for (const RetentionPolicy policy : policies) {
    RetentionSweep all;
    for (bool more = true; more;) {
      absl::StatusOr<RetentionSweep> sweep =
          base::RunOnLoop<absl::StatusOr<RetentionSweep>>(loop, [&] {
            return sweeper.Run(base::SystemContext(loop, "retention", kSweepTimeout), policy,
                               arguments.dry_run);
          });
      if (!sweep.ok()) {
        // The others are still done; the last error is what the command ends with.
        problem = sweep.status();
        std::cerr << "gatehouse: " << NameOf(policy) << ": " << problem.message() << "\n";
        break;
      }
      if (!arguments.dry_run) Add(all, *sweep);
      all = *std::move(sweep);
      more = all.unfinished && !arguments.dry_run;
      if (more) {
        report.Progress(absl::StrCat(std::string(NameOf(policy)), ": ", all.rows, " so far"),
                        JsonObject().Add("policy", NameOf(policy)).AddNumber("so_far", all.rows));
        continue;
      }
      report.Line(Sentence(policy, all, arguments.dry_run), ToJson(policy, all, arguments.dry_run));
    }
  }
  storage->Close();
  loop.Stop();
  return problem;
}

}  // namespace

int RunRetention(const config::Config& config, const RetentionArguments& arguments) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = SweepAll(config, arguments);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace gatehouse::service
