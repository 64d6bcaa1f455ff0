#ifndef GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_TENANT_MOVER_H_
#define GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_TENANT_MOVER_H_

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/async/loop.h"
#include "base/time.h"
#include "base/uuid.h"
#include "service/main/area/storage_area.h"
#include "service/main/tools/move/move_sides.h"
#include "service/main/tools/move/tenant_states.h"
#include "service/main/tools/report.h"
#include "storage/tenant_move/tenant_move.h"

namespace gatehouse::service {

// Moves a tenant from one database to another (docs/tenants.md#moving-a-tenant). How far it is
// stands in both databases; each step may be repeated. So whatever stops it, kill -9 included, the
// next run goes on from there, and at no time does the tenant take calls on both sides:
//
//   freeze -> drain -> fence -> order -> copy -> say so at the source -> activate at the target
//
// Servers of both sides run meanwhile, or do not.
//
// Thread: the command's; everything blocks. What it is made of outlives it.
class TenantMover {
 public:
  struct Options {
    // By its id or its name.
    std::string tenant;
    // What clients that come to the source are told from then on.
    std::string destination;
    // From when the tenant is frozen until all servers of the source go by it.
    std::chrono::milliseconds pause{2'000};
    // For webhooks and mails that are under way, and for the sequencer.
    std::chrono::milliseconds max_drain{120'000};
    // Tests stop it here and there by an error: "begun", "frozen", "drained", "fenced", "ordered",
    // "copied", "recorded", "told", "moved", "activated"; of Cancel "uncopied", "released".
    std::function<absl::Status(std::string_view moment)> at = {};
  };

  TenantMover(OpenSide source, OpenSide target, Options options, base::Loop& loop,
              const base::Clock& clock, Report& report);

  // Everything that Run refuses before it changes anything.
  absl::Status Check();
  // Until the tenant takes calls at the target, unless it took none before. OK as well if that is
  // done already.
  absl::Status Run();
  // Takes back what was done, before the source has said that the tenant moved. FAILED_PRECONDITION
  // after it.
  absl::Status Cancel();

 private:
  // Finds the tenant, and what was done so far.
  absl::Status Find();
  absl::Status CheckResumed(const storage::TenantMove& move) const;
  absl::Status CheckNew();
  absl::Status Begin();
  absl::Status Quiesce();
  absl::Status Drain();
  absl::Status Order();
  absl::Status Copy();
  absl::Status Activate();
  // The next step of the source.
  absl::Status Advance(storage::TenantMoveStep step, const std::string& row_counts_json = "");
  absl::Status At(std::string_view moment) const;
  // Whether the copy of this move is committed.
  absl::StatusOr<bool> IsCopied();
  absl::Status SetState(const OpenSide& side, MoveOfState change);
  // With the stores of a side, which nobody else leads the sequencer by once it returns.
  absl::Status WithStorage(const OpenSide& side,
                           const std::function<base::Task<absl::Status>(StorageArea&)>& work);
  void Tell(std::string_view step, const std::string& text);

  OpenSide source_;
  OpenSide target_;
  const Options options_;
  base::Loop& loop_;
  const base::Clock& clock_;
  Report& report_;
  storage::MovingTenant tenant_;
  // As the source has it; nullopt: nothing was done.
  std::optional<storage::TenantMove> move_;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_MAIN_TOOLS_MOVE_TENANT_MOVER_H_
