#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "auth/second_factor/recovery_codes.h"
#include "auth/signing_key/key_rotation.h"
#include "auth/signing_key/keyring.h"
#include "auth/tenant/tenant_directory.h"
#include "base/async/loop.h"
#include "base/async/run_on_loop.h"
#include "base/log_line.h"
#include "base/status.h"
#include "base/system_context.h"
#include "base/time.h"
#include "migrations/schema_state.h"
#include "service/config/secrets.h"
#include "service/main/area/storage_area.h"
#include "service/main/config_check.h"
#include "service/main/exit_codes.h"
#include "service/main/serve_command.h"
#include "service/main/tools/report.h"
#include "service/main/tools/tool_commands.h"
#include "storage/change.h"
#include "storage/event.h"
#include "storage/event_types.h"
#include "storage/sealing_keys.h"

namespace gatehouse::service {
namespace {

constexpr auto kSliceTimeout = std::chrono::seconds(30);
// Of one transaction.
constexpr int64_t kRowsPerSlice = 200;
// Of one that is only looked at.
constexpr int64_t kCodesPerSlice = 5'000;
constexpr char kTool[] = "keys_reseal";

// Everything that one table needs, slice after slice.
class Resealing {
 public:
  Resealing(base::Loop& loop, const base::Clock& clock, Report& report)
      : loop_(loop), clock_(clock), report_(report) {}

  base::CallContext Context() { return base::SystemContext(loop_, kTool, kSliceTimeout); }

  storage::Change ChangeOf(std::string_view what) {
    return {.events = {storage::MakeEvent(Context(), clock_.Now(),
                                          std::string(storage::event_types::kSecretsResealed),
                                          {{"secrets", std::string(what), ""}})}};
  }

  // Runs `slice` from where the one before ended until nothing is left.
  template <typename Position>
  absl::Status Run(
      std::string_view what,
      const std::function<base::Task<absl::StatusOr<storage::Resealed<Position>>>(Position)>&
          slice) {
    int64_t looked_at = 0;
    int64_t resealed = 0;
    Position position = {};
    for (bool more = true; more;) {
      using Result = absl::StatusOr<storage::Resealed<Position>>;
      GH_ASSIGN_OR_RETURN(const storage::Resealed<Position> found,
                          base::RunOnLoop<Result>(loop_, [&] { return slice(position); }));
      looked_at += found.looked_at;
      resealed += found.resealed;
      more = found.next.has_value();
      if (more) position = *found.next;
      if (more) report_.Progress(Text(what, looked_at, resealed), Json(what, looked_at, resealed));
    }
    report_.Line(Text(what, looked_at, resealed),
                 Json(what, looked_at, resealed).AddBool("done", true));
    return absl::OkStatus();
  }

 private:
  static std::string Text(std::string_view what, int64_t looked_at, int64_t resealed) {
    return absl::StrCat(std::string(what), ": looked at ", looked_at, ", sealed anew ", resealed);
  }
  static JsonObject Json(std::string_view what, int64_t looked_at, int64_t resealed) {
    JsonObject json;
    json.Add("secrets", what).AddNumber("looked_at", looked_at).AddNumber("resealed", resealed);
    return json;
  }

  base::Loop& loop_;
  const base::Clock& clock_;
  Report& report_;
};

absl::Status ResealAll(StorageArea& storage, auth::KeyRotation& rotation, base::Loop& loop,
                       const base::Clock& clock, Report& report) {
  Resealing resealing(loop, clock, report);
  GH_RETURN_IF_ERROR(resealing.Run<std::string>(
      "signing keys", [&](std::string) { return rotation.Reseal(resealing.Context()); }));
  GH_RETURN_IF_ERROR(resealing.Run<storage::EndpointStore::Place>(
      "endpoints", [&](storage::EndpointStore::Place after) {
        return storage.endpoints.Reseal(resealing.Context(), after, kRowsPerSlice,
                                        resealing.ChangeOf("endpoint"));
      }));
  GH_RETURN_IF_ERROR(
      resealing.Run<storage::MailStore::Place>("mails", [&](storage::MailStore::Place after) {
        return storage.mails.Reseal(resealing.Context(), after, kRowsPerSlice,
                                    resealing.ChangeOf("mail"));
      }));
  return resealing.Run<storage::SecondFactorStore::Owner>(
      "authenticator apps", [&](storage::SecondFactorStore::Owner after) {
        return storage.second_factors.Reseal(resealing.Context(), after, kRowsPerSlice,
                                             resealing.ChangeOf("totp_factor"));
      });
}

// What is made under the token pepper expires, but for recovery codes: tells how many would end
// with the second one.
absl::Status CountRecoveryCodes(StorageArea& storage, const auth::RecoveryCodes& codes,
                                base::Loop& loop, Report& report) {
  using Code = storage::SecondFactorStore::RecoveryCode;
  int64_t looked_at = 0;
  int64_t left = 0;
  Code place = {};
  for (bool more = true; more;) {
    GH_ASSIGN_OR_RETURN(const std::vector<Code> found,
                        base::RunOnLoop<absl::StatusOr<std::vector<Code>>>(loop, [&] {
                          return storage.second_factors.ListRecoveryCodes(
                              base::SystemContext(loop, kTool, kSliceTimeout), place,
                              kCodesPerSlice);
                        }));
    looked_at += static_cast<int64_t>(found.size());
    left += std::ranges::count_if(
        found, [&](const Code& code) { return codes.EndsWithAccepted(code.hash); });
    const std::string text = absl::StrCat("recovery codes: looked at ", looked_at,
                                          ", under another token pepper ", left);
    JsonObject json;
    json.Add("secrets", "recovery codes").AddNumber("looked_at", looked_at).AddNumber("left", left);
    more = static_cast<int64_t>(found.size()) == kCodesPerSlice;
    if (more) {
      place = found.back();
      report.Progress(text, json);
    } else {
      report.Line(text, json.AddBool("done", true));
    }
  }
  return absl::OkStatus();
}

absl::Status Reseal(const config::Config& config, const std::string& format) {
  const bool reseals = !config.auth.accepted_master_key_file.empty();
  const bool counts = !config.auth.accepted_token_pepper_file.empty();
  if (!reseals && !counts) {
    return base::InvalidField("auth.accepted_master_key_file",
                              "is required: it names the master key from before; or "
                              "auth.accepted_token_pepper_file, the token pepper from before");
  }
  GH_RETURN_IF_ERROR(CheckDatabaseSettings(config.database));
  GH_ASSIGN_OR_RETURN(const config::Secrets secrets, config::LoadSecrets(config.auth));
  GH_RETURN_IF_ERROR(
      migrations::CheckDatabaseAndSchema(config.database.direct(), config.database.password_file));
  const storage::SealingKeys keys = config::KeysOf(secrets);
  base::Loop loop(kTool);
  loop.Start();
  GH_ASSIGN_OR_RETURN(const std::unique_ptr<StorageArea> storage,
                      StorageArea::Open(DirectConfigOf(config.database), keys, {&loop}));
  const base::SystemClock clock;
  auth::Keyring keyring(keys, {});
  const auth::TenantDirectory tenants;
  auth::KeyRotation rotation(storage->signing_keys, keyring, tenants, clock);
  Report report = Report::OnStandardOutput(format);
  absl::Status status = absl::OkStatus();
  if (reseals) status = ResealAll(*storage, rotation, loop, clock, report);
  if (status.ok() && counts) {
    const auth::RecoveryCodes codes(config::PeppersOf(secrets));
    status = CountRecoveryCodes(*storage, codes, loop, report);
  }
  storage->Close();
  loop.Stop();
  return status;
}

}  // namespace

int RunKeysReseal(const config::Config& config, const std::string& format) {
  base::SetLogLevel(*base::ParseLogLevel(config.log.level));
  const absl::Status status = Reseal(config, format);
  return status.ok() ? kExitOk : Fail(status);
}

}  // namespace gatehouse::service
