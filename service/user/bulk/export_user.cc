// Everything that is held about one person.

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "auth/permission/permissions.h"
#include "base/status.h"
#include "gatehouse/v1/user.pb.h"
#include "service/audit/event_conversion.h"
#include "service/common/page_size.h"
#include "service/common/validate.h"
#include "service/user/bulk/export_records.h"
#include "service/user/credential/credential_conversion.h"
#include "service/user/user_conversion.h"
#include "service/user/user_rules.h"
#include "service/user/user_service.h"

namespace gatehouse::service {
namespace {

using auth::Permission;
using base::CallContext;
using base::Task;
using Records = rpc::Writer<v1::ExportUserResponse>;

// What is read at a time.
constexpr int32_t kPage = 100;

// The stream is gone: nobody reads any more.
absl::Status Gone() {
  return base::MakeError(absl::StatusCode::kCancelled, "the caller gave up",
                         {.reason = base::Reason::kCancelled});
}

// Writes `record`, of which `set` makes one; CANCELLED if nobody reads.
template <typename Set>
Task<absl::Status> Send(Records out, Set set) {
  v1::ExportUserResponse record;
  GH_CO_RETURN_IF_ERROR(set(record));
  if (!co_await out.Write(record)) co_return Gone();
  co_return absl::OkStatus();
}

// What others than the user itself need.
absl::Status MayExportOthers(const base::Principal& caller) {
  for (const Permission needed :
       {Permission::kUsersRead, Permission::kSessionsRead, Permission::kThreadsRead,
        Permission::kApiKeysRead, Permission::kEventsRead}) {
    GH_RETURN_IF_ERROR(auth::RequirePermission(caller, needed));
  }
  return absl::OkStatus();
}

Task<absl::Status> ExportSessions(const UserService::Deps* deps, CallContext ctx,
                                  base::Uuid user_id, Records writer) {
  storage::SessionStore::ListQuery query{.tenant_id = ctx.principal().tenant_id,
                                         .user_id = user_id,
                                         .thread_id = std::nullopt,
                                         .show_ended = true,
                                         .before = std::nullopt,
                                         .limit = kPage,
                                         .max_bytes = kMaxPageBytes,
                                         .now = deps->clock.Now()};
  storage::SessionStore::Page page;
  do {
    GH_CO_RETURN_IF_ERROR(co_await ctx.Recheck());
    GH_CO_ASSIGN_OR_RETURN(page, co_await deps->bulk.sessions.List(ctx, query));
    for (const storage::Session& session : page.sessions) {
      GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
        return ToProto(session, *record.mutable_session());
      }));
    }
    if (!page.sessions.empty()) query.before = page.sessions.back().id;
  } while (!page.sessions.empty() && (page.cut || page.sessions.size() == kPage));
  co_return absl::OkStatus();
}

Task<absl::Status> ExportKeys(const UserService::Deps* deps, CallContext ctx, base::Uuid user_id,
                              Records writer) {
  std::optional<base::Uuid> before;
  std::vector<storage::ApiKey> keys;
  do {
    GH_CO_RETURN_IF_ERROR(co_await ctx.Recheck());
    GH_CO_ASSIGN_OR_RETURN(
        keys, co_await deps->api_keys.ListByCreator(ctx, ctx.principal().tenant_id, user_id, before,
                                                    /*show_ended=*/true, deps->clock.Now(), kPage));
    for (const storage::ApiKey& key : keys) {
      GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
        ToProto(key, *record.mutable_api_key());
        return absl::OkStatus();
      }));
      before = key.id;
    }
  } while (keys.size() == kPage);
  co_return absl::OkStatus();
}

Task<absl::Status> ExportCredentials(const UserService::Deps* deps, CallContext ctx,
                                     base::Uuid user_id, Records writer) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::TotpFactor> factor,
                         co_await deps->second_factors.Get(ctx, tenant_id, user_id));
  if (factor) {
    GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
      ToProto(*factor, *record.mutable_second_factor());
      return absl::OkStatus();
    }));
  }
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::Passkey> passkeys,
                         co_await deps->passkeys.List(ctx, tenant_id, user_id));
  for (const storage::Passkey& passkey : passkeys) {
    GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
      ToProto(passkey, *record.mutable_passkey());
      return absl::OkStatus();
    }));
  }
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::RememberedDevice> devices,
      co_await deps->second_factors.ListDevices(ctx, tenant_id, user_id, /*good_at=*/std::nullopt));
  for (const storage::RememberedDevice& device : devices) {
    GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
      ToProto(device, *record.mutable_remembered_device());
      return absl::OkStatus();
    }));
  }
  GH_CO_ASSIGN_OR_RETURN(const std::vector<storage::OneTimeToken> tokens,
                         co_await deps->bulk.exports.ListTokens(ctx, tenant_id, user_id));
  for (const storage::OneTimeToken& token : tokens) {
    GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
      ToProto(token, *record.mutable_one_time_token());
      return absl::OkStatus();
    }));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> ExportMails(const UserService::Deps* deps, CallContext ctx, base::Uuid user_id,
                               Records writer) {
  base::Uuid after;
  std::vector<storage::KeptMail> mails;
  do {
    GH_CO_RETURN_IF_ERROR(co_await ctx.Recheck());
    GH_CO_ASSIGN_OR_RETURN(mails, co_await deps->bulk.mails.ListOfUser(
                                      ctx, ctx.principal().tenant_id, user_id, after, kPage));
    for (const storage::KeptMail& mail : mails) {
      GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
        ToProto(mail, *record.mutable_mail());
        return absl::OkStatus();
      }));
      after = mail.id;
    }
  } while (mails.size() == kPage);
  co_return absl::OkStatus();
}

Task<absl::Status> ExportMessages(const UserService::Deps* deps, CallContext ctx,
                                  base::Uuid thread_uid, Records writer) {
  int64_t from = 0;
  std::vector<storage::ThreadMessage> messages;
  do {
    GH_CO_RETURN_IF_ERROR(co_await ctx.Recheck());
    GH_CO_ASSIGN_OR_RETURN(
        messages, co_await deps->bulk.exports.ListMessages(ctx, ctx.principal().tenant_id,
                                                           thread_uid, from, kPage, kMaxPageBytes));
    for (const storage::ThreadMessage& message : messages) {
      GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
        return ToProto(message, *record.mutable_message());
      }));
      from = message.index + 1;
    }
  } while (!messages.empty());
  co_return absl::OkStatus();
}

Task<absl::Status> ExportThreads(const UserService::Deps* deps, CallContext ctx, base::Uuid user_id,
                                 Records writer) {
  const base::Uuid tenant_id = ctx.principal().tenant_id;
  std::string after;
  std::vector<storage::UserThread> threads;
  do {
    GH_CO_ASSIGN_OR_RETURN(
        threads, co_await deps->bulk.exports.ListThreads(ctx, tenant_id, user_id, after, kPage));
    for (const storage::UserThread& thread : threads) {
      GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
        ToProto(thread, *record.mutable_thread());
        return absl::OkStatus();
      }));
      GH_CO_RETURN_IF_ERROR(co_await ExportMessages(deps, ctx, thread.uid, writer));
      after = thread.thread_id;
    }
  } while (threads.size() == kPage);
  co_return absl::OkStatus();
}

// `whole`: also who did what to the user.
Task<absl::Status> ExportEvents(const UserService::Deps* deps, CallContext ctx, base::Uuid user_id,
                                bool whole, Records writer) {
  const std::string id = user_id.ToString();
  // What was done to it, then what it did to others.
  for (const bool about : {true, false}) {
    storage::EventQuery query{
        .tenant_id = ctx.principal().tenant_id, .descending = false, .limit = kPage};
    (about ? query.target_id : query.actor_id) = id;
    std::optional<int64_t> next = query.min_index;
    while (next) {
      query.min_index = *next;
      GH_CO_RETURN_IF_ERROR(co_await ctx.Recheck());
      GH_CO_ASSIGN_OR_RETURN(storage::EventLog::Page page,
                             co_await deps->bulk.log.List(ctx, query));
      next = page.next_index;
      for (storage::LoggedEvent& logged : page.events) {
        const bool is_target = std::ranges::any_of(
            logged.event.targets,
            [&](const storage::EventTarget& target) { return target.id == id; });
        if (!about && is_target) continue;
        if (!whole) HideOthers(id, logged.event);
        GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
          return ToProto(logged, *record.mutable_event());
        }));
      }
    }
  }
  co_return absl::OkStatus();
}

}  // namespace

Task<absl::Status> UserService::ExportUser(CallContext ctx, v1::ExportUserRequest request,
                                           rpc::Writer<v1::ExportUserResponse> writer) {
  FieldChecks checks;
  base::Uuid id = checks.OptionalUuid("user_id", request.user_id());
  GH_CO_RETURN_IF_ERROR(checks.ToStatus());
  const bool is_user = ctx.principal().kind == base::Principal::Kind::kUser;
  if (id.is_nil() && is_user) id = ctx.principal().id;
  if (id.is_nil()) {
    co_return base::InvalidField("user_id", "is required of callers who are no user");
  }
  const bool is_self = is_user && ctx.principal().id == id;
  if (!is_self) GH_CO_RETURN_IF_ERROR(MayExportOthers(ctx.principal()));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::User> user,
                         co_await deps_.users.Get(ctx, ctx.principal().tenant_id, id));
  if (!user) co_return UserNotFound();

  GH_CO_RETURN_IF_ERROR(co_await Send(writer, [&](v1::ExportUserResponse& record) {
    return ToProto(*user, *record.mutable_user());
  }));
  GH_CO_RETURN_IF_ERROR(co_await ExportSessions(&deps_, ctx, id, writer));
  GH_CO_RETURN_IF_ERROR(co_await ExportKeys(&deps_, ctx, id, writer));
  GH_CO_RETURN_IF_ERROR(co_await ExportCredentials(&deps_, ctx, id, writer));
  GH_CO_RETURN_IF_ERROR(co_await ExportMails(&deps_, ctx, id, writer));
  GH_CO_RETURN_IF_ERROR(co_await ExportThreads(&deps_, ctx, id, writer));
  const bool whole = auth::HasPermission(ctx.principal(), Permission::kEventsRead);
  co_return co_await ExportEvents(&deps_, ctx, id, whole, writer);
}

}  // namespace gatehouse::service
