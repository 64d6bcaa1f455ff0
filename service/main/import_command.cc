#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "base/log_line.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/system_context.h"
#include "base/uuid.h"
#include "migrations/schema_state.h"
#include "service/bulk/importer.h"
#include "service/config/secrets.h"
#include "service/main/commands.h"
#include "service/main/config_check.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"

namespace gatehouse::service {
namespace {

// Of one batch.
constexpr auto kBatchTimeout = std::chrono::minutes(1);
// Between two lines that say how far it is, off a terminal; on one it is drawn anew more often.
constexpr auto kTellEvery = std::chrono::seconds(1);
constexpr auto kDrawEvery = std::chrono::milliseconds(100);
constexpr int kBarWidth = 30;

// Tells the user of the command how it goes: a bar and sentences on a terminal, JSON lines off it.
class ImportTeller {
 public:
  explicit ImportTeller(uint64_t all_bytes)
      : all_bytes_(all_bytes), on_terminal_(isatty(STDOUT_FILENO) == 1) {}

  void Failed(int64_t line, const v1::ImportFailure& failure) {
    if (on_terminal_) {
      Wipe();
      std::cout << "line " << line << ": " << failure.message() << " (" << failure.reason()
                << ")\n";
      return;
    }
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(failure, &json).ok()) return;
    std::cout << R"({"type":"failure","line":)" << line << R"(,"failure":)" << json << "}\n";
  }

  void Progress(const ImportProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ < (on_terminal_ ? std::chrono::milliseconds(kDrawEvery)
                                    : std::chrono::milliseconds(kTellEvery))) {
      return;
    }
    told_ = now;
    if (on_terminal_) {
      Draw(progress);
    } else {
      Line("progress", progress);
    }
  }

  void Done(const ImportProgress& progress, bool validate_only) {
    if (!on_terminal_) {
      Line("done", progress);
      return;
    }
    Wipe();
    std::cout << (validate_only ? "Would be created: " : "Created: ") << progress.created
              << ", done before: " << progress.skipped << ", not taken: " << progress.failed
              << "\n";
  }

 private:
  void Line(const char* type, const ImportProgress& progress) {
    std::cout << R"({"type":")" << type << R"(","rows":)" << progress.rows << R"(,"created":)"
              << progress.created << R"(,"skipped":)" << progress.skipped << R"(,"failed":)"
              << progress.failed << R"(,"rows_per_second":)" << Rate(progress) << "}\n"
              << std::flush;
  }

  void Draw(const ImportProgress& progress) {
    std::string bar;
    if (all_bytes_ > 0) {
      const uint64_t full = std::min<uint64_t>(progress.bytes * kBarWidth / all_bytes_, kBarWidth);
      bar = "[" + std::string(full, '#') + std::string(kBarWidth - full, ' ') + "] ";
    }
    std::cout << "\r" << bar << progress.rows << " rows, " << Rate(progress) << "/s, "
              << progress.failed << " not taken" << std::flush;
    drawn_ = true;
  }

  void Wipe() {
    if (drawn_) std::cout << "\r\x1b[K";
    drawn_ = false;
  }

  int64_t Rate(const ImportProgress& progress) const {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - start_);
    return took.count() == 0 ? 0 : (progress.rows - progress.skipped) * 1'000 / took.count();
  }

  // 0: not known.
  const uint64_t all_bytes_;
  const bool on_terminal_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point told_ = start_;
  bool drawn_ = false;
};

// Of a file that stays as it is: another run of it goes on. What comes by a pipe has none.
std::string KeyOf(const std::string& file) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::canonical(file, error);
  if (error) return "";
  const auto size = std::filesystem::file_size(path, error);
  if (error) return "";
  return path.filename().string().substr(0, 64) + ":" + std::to_string(size);
}

absl::StatusOr<bool> Import(const config::Config& config, const ImportCommand& command) {
  GH_RETURN_IF_ERROR(CheckDatabaseSettings(config.database));
  const bool from_pipe = command.file == "-";
  std::ifstream file;
  uint64_t bytes = 0;
  if (!from_pipe) {
    file.open(command.file, std::ios::binary);
    if (!file) return base::InvalidField("FILE", "cannot be read: " + command.file);
    std::error_code error;
    const auto size = std::filesystem::file_size(command.file, error);
    if (!error) bytes = size;
  }
  GH_ASSIGN_OR_RETURN(config::Secrets secrets, config::LoadSecrets(config.auth));
  GH_RETURN_IF_ERROR(
      migrations::CheckDatabaseAndSchema(config.database.direct(), config.database.password_file));
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<App> app,
                      App::Assemble({.config = config, .secrets = std::move(secrets)}));
  GH_ASSIGN_OR_RETURN(const base::Uuid tenant_id, app->TenantNamed(command.tenant));
  ImportTeller teller(bytes);
  Importer importer(
      {.users = app->services().users,
       .loop = app->loop(),
       .make_context =
           [&] { return base::SystemContext(app->loop(), "import", kBatchTimeout, {}, tenant_id); },
       .key = command.key.empty() && !from_pipe ? KeyOf(command.file) : command.key,
       .validate_only = command.validate_only,
       .failed = [&](int64_t line,
                     const v1::ImportFailure& failure) { teller.Failed(line, failure); },
       .progress = [&](const ImportProgress& progress) { teller.Progress(progress); }});
  GH_ASSIGN_OR_RETURN(const ImportProgress done,
                      importer.Run(from_pipe ? std::cin : static_cast<std::istream&>(file)));
  teller.Done(done, command.validate_only);
  return done.failed == 0;
}

}  // namespace

int RunImport(const config::Config& config, const ImportCommand& command) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::StatusOr<bool> all_taken = Import(config, command);
  if (!all_taken.ok()) return Fail(all_taken.status());
  if (*all_taken) return kExitOk;
  std::cerr << "gatehouse: some lines were not taken\n";
  return kExitFailed;
}

}  // namespace gatehouse::service
