// Many users at a time, who come from somewhere else.
//
// A batch is written as if none of its names were taken, which most are not: one round trip. Only
// when the database finds one does the batch ask for all of them, and goes on without those rows.

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/reason.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/common/change_attempts.h"
#include "service/common/json.h"
#include "service/common/validate.h"
#include "service/user/bulk/import_row.h"
#include "service/user/bulk/import_state.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"
#include "storage/event_types.h"

namespace gatehouse::service {
namespace {

using storage::NewUser;

// As the .proto file promises. With an event each, as many as one statement takes well.
constexpr int kMaxRows = 500;
constexpr size_t kMaxKeyBytes = 128;
// Nobody has so many: the numbers of rows stay numbers.
constexpr int64_t kMaxRow = 1'000'000'000'000'000;
// Of one batch: each time somebody took a name of it meanwhile.
constexpr int kMaxTries = 10;

// Rows by their number.
using Rows = std::map<int64_t, NewUser>;
using Failures = std::map<int64_t, absl::Status>;

// Moves the rows to `failures` of which somebody has a name or the id, or a row before it.
void RefuseTaken(const storage::TakenIdentifiers& taken, Rows& rows, Failures& failures) {
  std::set<std::string> keys = taken.keys;
  std::set<base::Uuid> ids = taken.ids;
  std::erase_if(rows, [&](const auto& numbered) {
    const auto& [row, one] = numbered;
    if (keys.contains(one.user.username_key)) {
      failures[row] = storage::Taken("the username", base::Reason::kUsernameTaken);
    } else if (one.user.email_key && keys.contains(*one.user.email_key)) {
      failures[row] = storage::Taken("the email address", base::Reason::kEmailTaken);
    } else if (ids.contains(one.user.id)) {
      failures[row] = storage::Taken("the id", base::Reason::kIdTaken);
    } else {
      keys.insert(one.user.username_key);
      if (one.user.email_key) keys.insert(*one.user.email_key);
      ids.insert(one.user.id);
      return false;
    }
    return true;
  });
}

// Moves the rows of a role to `failures`.
void RefuseRole(const std::string& role, const absl::Status& why, Rows& rows, Failures& failures) {
  std::erase_if(rows, [&](const auto& numbered) {
    if (numbered.second.user.role != role) return false;
    failures[numbered.first] = why;
    return true;
  });
}

std::set<std::string> RolesOf(const Rows& rows) {
  std::set<std::string> roles;
  for (const auto& [row, one] : rows) roles.insert(one.user.role);
  return roles;
}

v1::ImportUsersResponse AnswerOf(int64_t next_row, int64_t skipped, const Rows& created,
                                 const Failures& failures) {
  v1::ImportUsersResponse response;
  response.set_next_row(next_row);
  response.set_skipped_count(static_cast<int32_t>(skipped));
  response.set_created_count(static_cast<int32_t>(created.size()));
  for (const auto& [row, why] : failures) ToProto(row, why, *response.add_failures());
  return response;
}

absl::Status CheckForm(const v1::ImportUsersRequest& request) {
  FieldChecks checks;
  checks.Length("import_key", request.import_key(), 0, kMaxKeyBytes);
  if (request.first_row() < 0) checks.Fail("first_row", "must not be negative");
  if (request.first_row() > kMaxRow) checks.Fail("first_row", "is beyond 10^15");
  if (request.users_size() > kMaxRows) checks.Fail("users", "must be at most 500 at a time");
  return checks.ToStatus();
}

// Which rows of a message are to be done.
struct Place {
  // The first row of the message, and how many of it were done before.
  int64_t first = 0;
  int64_t skipped = 0;
};

// INVALID_FIELD if some are missing before them.
base::Task<absl::StatusOr<Place>> PlaceOf(base::CallContext ctx, storage::UserImportStore* imports,
                                          const v1::ImportUsersRequest* request,
                                          ImportState* state) {
  Place place{.first = request->has_first_row() ? request->first_row() : state->next_row,
              .skipped = 0};
  if (request->import_key().empty()) co_return place;
  if (state->key != request->import_key() || !state->stored_row) {
    GH_CO_ASSIGN_OR_RETURN(
        const std::optional<int64_t> found,
        co_await imports->Find(ctx, ctx.principal().tenant_id, request->import_key()));
    state->key = request->import_key();
    state->stored_row = found.value_or(0);
  }
  // Nobody who asks where to go on knows it.
  if (request->users().empty()) place.first = *state->stored_row;
  // What is only validated is remembered nowhere: it goes on after the message before.
  const int64_t stands =
      request->validate_only() ? std::max(*state->stored_row, state->next_row) : *state->stored_row;
  if (place.first > stands) {
    co_return base::InvalidField(
        "first_row",
        "lies beyond where the import stands: go on with row " + std::to_string(stands));
  }
  place.skipped = std::clamp<int64_t>(*state->stored_row - place.first, 0, request->users_size());
  co_return place;
}

// CONFLICT unless the import still stands where the step begins.
base::Task<absl::Status> CheckStands(base::CallContext ctx, storage::UserImportStore* imports,
                                     storage::ImportStep step) {
  GH_CO_ASSIGN_OR_RETURN(const std::optional<int64_t> found,
                         co_await imports->Find(ctx, ctx.principal().tenant_id, step.key));
  if (found.value_or(0) == step.from_row) co_return absl::OkStatus();
  co_return base::MakeError(absl::StatusCode::kAborted,
                            "another import of this key is at work: it stands at row " +
                                std::to_string(found.value_or(0)),
                            {.reason = base::Reason::kConflict});
}

}  // namespace

base::Task<absl::Status> UserService::RefuseRows(base::CallContext ctx, ImportBatchRows* batch) {
  std::vector<std::string> keys;
  std::vector<base::Uuid> ids;
  for (const auto& [row, one] : batch->rows) {
    keys.push_back(one.user.username_key);
    if (one.user.email_key) keys.push_back(*one.user.email_key);
    ids.push_back(one.user.id);
  }
  GH_CO_ASSIGN_OR_RETURN(const storage::TakenIdentifiers taken,
                         co_await deps_.bulk.imports.FindTaken(ctx, ctx.principal().tenant_id,
                                                               std::move(keys), std::move(ids)));
  RefuseTaken(taken, batch->rows, batch->failures);
  for (const std::string& role : RolesOf(batch->rows)) {
    const absl::Status exists = co_await CheckRoleExists(ctx, role);
    if (exists.ok()) continue;
    if (!base::HasReason(exists, base::Reason::kRoleNotFound)) co_return exists;
    RefuseRole(role, exists, batch->rows, batch->failures);
  }
  co_return absl::OkStatus();
}

UserService::Result<v1::ImportUsersResponse> UserService::ImportBatch(
    base::CallContext ctx, v1::ImportUsersRequest request, ImportState* state) {
  GH_CO_RETURN_IF_ERROR(CheckForm(request));
  // It tells of hundreds of names at a time whether they are taken, and leaves nothing behind.
  if (request.validate_only()) {
    GH_CO_RETURN_IF_ERROR(auth::RequirePermission(ctx.principal(), auth::Permission::kUsersRead));
  }
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  const base::Time now = deps_.clock.Now();
  GH_CO_ASSIGN_OR_RETURN(const Place place,
                         co_await PlaceOf(ctx, &deps_.bulk.imports, &request, state));
  const int64_t next_row = place.first + request.users_size();
  const bool moves = !request.import_key().empty() && !request.validate_only();

  ImportBatchRows read;
  for (int i = static_cast<int>(place.skipped); i < request.users_size(); ++i) {
    absl::StatusOr<NewUser> row = ReadImportedUser(tenant_id, request.users(i), now);
    if (row.ok()) {
      read.rows.emplace(place.first + i, *std::move(row));
    } else {
      read.failures.emplace(place.first + i, row.status());
    }
  }
  for (const std::string& role : RolesOf(read.rows)) {
    const absl::Status permitted = co_await RequireRoleWithinOwn(ctx, role);
    if (permitted.ok()) continue;
    if (!absl::IsPermissionDenied(permitted)) co_return permitted;
    RefuseRole(role, permitted, read.rows, read.failures);
  }

  for (int tries = 0; tries < kMaxTries; ++tries) {
    ImportBatchRows batch = read;
    if (tries > 0 || request.validate_only()) {
      GH_CO_RETURN_IF_ERROR(co_await RefuseRows(ctx, &batch));
    } else {
      // By each other: a username that is another's address the database would not find.
      RefuseTaken({}, batch.rows, batch.failures);
    }
    const v1::ImportUsersResponse response =
        AnswerOf(next_row, place.skipped, batch.rows, batch.failures);
    std::optional<storage::ImportStep> step;
    if (moves && request.users_size() > place.skipped) {
      step = {.key = request.import_key(), .from_row = *state->stored_row, .to_row = next_row};
    }
    if (request.validate_only() || (batch.rows.empty() && !step)) {
      state->next_row = next_row;
      co_return response;
    }
    std::vector<NewUser> users;
    std::vector<storage::Event> events;
    for (auto& [row, one] : batch.rows) {
      events.push_back(
          UserEvent(ctx, now, storage::event_types::kUserCreated, one.user,
                    JsonObject().Add("role", one.user.role).AddBool("imported", true).ToString()));
      users.push_back(std::move(one));
    }
    std::optional<storage::Change> change;
    if (std::optional<storage::ChangeEvents> some =
            storage::ChangeEvents::FromList(std::move(events))) {
      change = {.events = *std::move(some)};
    }
    const absl::Status created = co_await deps_.bulk.imports.Create(
        ctx, tenant_id, std::move(users), step, now, std::move(change));
    if (created.ok()) {
      state->next_row = next_row;
      if (step) state->stored_row = next_row;
      co_return response;
    }
    if (!base::HasReason(created, base::Reason::kConflict) &&
        !base::HasReason(created, base::Reason::kRoleNotFound)) {
      // Whether it was written is unknown.
      state->stored_row.reset();
      co_return created;
    }
    if (step) GH_CO_RETURN_IF_ERROR(co_await CheckStands(ctx, &deps_.bulk.imports, *step));
  }
  co_return ChangeAttempts::KeptChanging("batch");
}

base::Task<absl::Status> UserService::ImportUsers(base::CallContext ctx,
                                                  rpc::Reader<v1::ImportUsersRequest> reader,
                                                  rpc::Writer<v1::ImportUsersResponse> writer) {
  ImportState state;
  v1::ImportUsersRequest request;
  while (co_await reader.Read(&request)) {
    GH_CO_RETURN_IF_ERROR(co_await ctx.Recheck());
    GH_CO_ASSIGN_OR_RETURN(const v1::ImportUsersResponse response,
                           co_await ImportBatch(ctx, std::move(request), &state));
    if (!co_await writer.Write(response)) break;
    request.Clear();
  }
  co_return absl::OkStatus();
}

}  // namespace gatehouse::service
