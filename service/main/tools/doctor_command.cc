#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "auth/signing_key/key_rotation.h"
#include "auth/signing_key/keyring.h"
#include "auth/tenant/tenant_directory.h"
#include "auth/tenant/tenant_reader.h"
#include "base/async/loop.h"
#include "base/async/run_on_loop.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"
#include "base/time.h"
#include "migrations/database_check.h"
#include "migrations/schema_state.h"
#include "service/admin/server_problems.h"
#include "service/config/secrets.h"
#include "service/main/area/storage_area.h"
#include "service/main/config_check.h"
#include "service/main/exit_codes.h"
#include "service/main/server_options.h"
#include "service/main/tools/doctor/certificates.h"
#include "service/main/tools/doctor/finding.h"
#include "service/main/tools/doctor/judge.h"
#include "service/main/tools/report.h"
#include "service/main/tools/tool_commands.h"
#include "storage/postgres/admin/connection.h"
#include "storage/server/server_store.h"

namespace gatehouse::service {
namespace {

using storage::postgres::admin::Connection;

constexpr auto kTimeout = std::chrono::seconds(15);
constexpr char kTool[] = "doctor";
// Of the stores, which read nothing here that is sealed.
constexpr char kNoMasterKey[] = "none";

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

std::string_view LevelName(Finding::Level level) {
  switch (level) {
    case Finding::Level::kWarning:
      return "WARN";
    case Finding::Level::kFailure:
      return "FAIL";
    case Finding::Level::kOk:
      break;
  }
  return "OK";
}

std::optional<Space> SpaceAt(const std::string& path) {
  struct statvfs found = {};
  if (path.empty() || statvfs(path.c_str(), &found) != 0) return std::nullopt;
  const auto block = static_cast<int64_t>(found.f_frsize);
  return Space{.free_bytes = block * static_cast<int64_t>(found.f_bavail),
               .bytes = block * static_cast<int64_t>(found.f_blocks)};
}

ProcessLimits LimitsOfThisProcess() {
  rlimit files = {};
  getrlimit(RLIMIT_NOFILE, &files);
  constexpr rlim_t kMost = 1'000'000'000;
  return {.files = static_cast<int64_t>(std::min(files.rlim_cur, kMost)),
          .memory_bytes = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE)};
}

void LookAtConfiguration(const config::Config& config, Findings& findings) {
  const std::vector<absl::Status> faults = FindFaults(config);
  for (const absl::Status& fault : faults) {
    findings.Fail("config", MessageOf(fault), "see docs/operating/config.md");
  }
  if (faults.empty()) findings.Ok("config", "`serve` takes it");
}

void LookAtStandby(const config::DatabaseSettings& settings, Findings& findings) {
  if (settings.read_dsn.empty()) return;
  const auto standby =
      migrations::IsStandbyOf(settings.direct(), settings.read_dsn, settings.password_file);
  if (!standby.ok()) {
    if (base::HasReason(standby.status(), base::Reason::kDatabaseUnsuitable)) {
      findings.Fail("standby", MessageOf(standby.status()), "see docs/operating/scaling.md");
    } else {
      findings.Warn("standby", MessageOf(standby.status()),
                    "until it is back lists are read from the primary");
    }
  } else if (!*standby) {
    findings.Warn("standby", "database.read_dsn leads to a server that is no standby",
                  "let it name one, or leave it empty: lists are read from the primary");
  } else {
    findings.Ok("standby", "database.read_dsn leads to a standby of the database");
  }
}

// Whether the database can be worked with, and what is to be looked at in it.
bool LookAtDatabase(const config::DatabaseSettings& settings, const base::Clock& clock,
                    Findings& findings) {
  if (!CheckDatabaseSettings(settings).ok()) return false;
  const auto connection = Connection::Open(
      settings.direct(),
      {.application_name = "gatehouse doctor", .password_file = settings.password_file});
  if (!connection.ok()) {
    findings.Fail("database", MessageOf(connection.status()),
                  "see whether Postgres runs, and whether database.dsn, the password and "
                  "pg_hba.conf let this machine in");
    return false;
  }
  // Its clock is looked at as well.
  const absl::Status fit =
      migrations::CheckDatabase(**connection, clock, {.allow_standby = settings.allow_standby});
  if (!fit.ok()) {
    findings.Fail("database", MessageOf(fit), "see docs/operating/database.md");
    return false;
  }
  const int version = (*connection)->server_version();
  findings.Ok("database", absl::StrCat("Postgres ", version / 10'000, ".", version % 10'000,
                                       " answers, and its clock is ours"));
  if (!settings.direct_dsn.empty()) {
    const absl::Status same =
        migrations::CheckSameDatabase(settings.dsn, settings.direct_dsn, settings.password_file);
    if (!same.ok()) {
      findings.Fail("pooler", MessageOf(same), "let both settings name the same database");
      return false;
    }
    findings.Ok("pooler", "database.dsn and database.direct_dsn name the same database");
  }
  LookAtStandby(settings, findings);
  const auto applied = migrations::ReadApplied(**connection);
  const absl::Status current =
      applied.ok() ? migrations::CheckCurrent(*applied, migrations::EmbeddedMigrations())
                   : applied.status();
  if (!current.ok()) {
    findings.Fail("schema", MessageOf(current), "see docs/operating/migrations.md");
    return false;
  }
  findings.Ok("schema", absl::StrCat("version ", migrations::ExpectedSchemaVersion(),
                                     ", which this program needs"));
  return true;
}

void AddProblem(const std::string& check, const std::string& problem, const std::string& fine,
                const std::string& advice, Findings& findings) {
  if (problem.empty()) {
    findings.Ok(check, fine);
  } else {
    findings.Fail(check, problem, advice);
  }
}

base::Task<absl::Status> LookInside(base::CallContext ctx, StorageArea* storage,
                                    const config::Config* config, const base::Clock* clock,
                                    Needs needs, Findings* findings) {
  const base::Time now = clock->Now();
  GH_CO_ASSIGN_OR_RETURN(const storage::DatabaseInspection inspected,
                         co_await storage->server.Inspect(ctx, now));
  GH_CO_ASSIGN_OR_RETURN(const storage::DatabaseExamination examined,
                         co_await storage->server.Examine(ctx));
  AddProblem("log", LogProblem(inspected), "goes on", "gatehouse log reset (commands.md)",
             *findings);
  AddProblem("partitions", PartitionProblem(inspected),
             "the tables of today and tomorrow are there",
             "let a server run: it makes them; if one does, its log says why it cannot", *findings);
  JudgeDatabase(needs, examined, *findings);
  JudgeSpace(absl::StrCat("the folder of Postgres, ", examined.data_directory),
             SpaceAt(examined.data_directory), *findings);

  const absl::StatusOr<config::Secrets> secrets = config::LoadSecrets(config->auth);
  // Told before, as a fault of the configuration.
  if (!secrets.ok()) co_return absl::OkStatus();
  auth::Keyring keyring(config::KeysOf(*secrets), {});
  auth::TenantDirectory tenants;
  auth::KeyRotation rotation(storage->signing_keys, keyring, tenants, *clock);
  auth::TenantReader reader(storage->tenants, tenants);
  absl::Status loaded = co_await reader.Load(ctx);
  if (loaded.ok()) loaded = co_await rotation.Load(ctx);
  if (!loaded.ok()) {
    findings->Fail(
        "keys", MessageOf(loaded),
        "bring back the master key of this database, which its secrets are sealed under");
  } else if (keyring.size() == 0) {
    findings->Ok("keys", "no key signs yet: the first start makes one");
  } else {
    AddProblem("keys", KeyProblem(keyring, tenants, now),
               absl::StrCat(keyring.size(), " signing keys open under the master key"),
               "let a server run: it rotates keys; gatehouse keys rotate does it now", *findings);
  }
  co_return absl::OkStatus();
}

void LookInsideDatabase(const config::Config& config, const base::Clock& clock, Needs needs,
                        Findings& findings) {
  base::Loop loop(kTool);
  loop.Start();
  const auto storage = StorageArea::Open(DirectConfigOf(config.database), kNoMasterKey, {&loop});
  absl::Status looked = storage.status();
  if (looked.ok()) {
    looked = base::RunOnLoop<absl::Status>(loop, [&] {
      return LookInside(base::SystemContext(loop, kTool, kTimeout), storage->get(), &config, &clock,
                        needs, &findings);
    });
    (*storage)->Close();
  }
  loop.Stop();
  if (!looked.ok()) {
    findings.Fail("database", MessageOf(looked), "see the log of Postgres");
  }
}

void Tell(const Findings& findings, Report& report) {
  for (const Finding& finding : findings.all()) {
    const std::string level(LevelName(finding.level));
    std::string text =
        absl::StrCat(level, level == "OK" ? "    " : "  ", finding.check, ": ", finding.text);
    JsonObject json;
    json.Add("check", finding.check).Add("level", level).Add("text", finding.text);
    if (!finding.advice.empty()) {
      absl::StrAppend(&text, "\n      -> ", finding.advice);
      json.Add("advice", finding.advice);
    }
    report.Line(text, json);
  }
}

}  // namespace

int RunDoctor(const config::Config& config, const std::string& format) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const base::SystemClock clock;
  const Needs needs = NeedsOf(config, static_cast<int64_t>(LoopCountOf(config.grpc)),
                              std::max(1u, std::thread::hardware_concurrency()));
  Findings findings;
  LookAtConfiguration(config, findings);
  LookAtCertificates(config.grpc, clock.Now(), findings);
  JudgeLimits(needs, LimitsOfThisProcess(), findings);
  if (LookAtDatabase(config.database, clock, findings)) {
    LookInsideDatabase(config, clock, needs, findings);
  }
  Report report = Report::OnStandardOutput(format);
  Tell(findings, report);
  const bool failed = std::ranges::any_of(findings.all(), [](const Finding& finding) {
    return finding.level == Finding::Level::kFailure;
  });
  base::FlushLogLines();
  return failed ? kExitFailed : kExitOk;
}

}  // namespace gatehouse::service
