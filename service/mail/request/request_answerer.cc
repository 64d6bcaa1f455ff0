#include "service/mail/request/request_answerer.h"

#include <string_view>
#include <utility>

#include "base/pause.h"
#include "base/reason.h"
#include "base/status.h"
#include "service/common/json.h"
#include "service/mail/message/mailbox.h"
#include "service/mail/outbox/mail_content.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service::mail {
namespace {

using storage::MailKind;
using storage::OneTimePurpose;

// Whoever was outrun looks again.
constexpr int kMaxTries = 3;

// What a request of a kind makes.
struct Made {
  OneTimePurpose purpose;
  base::Duration lifetime;
  std::string_view event_type;
};

Made MadeFor(MailKind kind) {
  if (kind == MailKind::kMagicLink) {
    return {OneTimePurpose::kMagicLink, RequestAnswerer::kMagicLinkLifetime,
            storage::event_types::kUserMagicLinkStarted};
  }
  return {OneTimePurpose::kRequestedReset, RequestAnswerer::kResetLifetime,
          storage::event_types::kUserPasswordResetStarted};
}

// By nobody known: anybody may ask.
storage::Event EventOf(const base::CallContext& ctx, base::Time now, std::string_view type,
                       const storage::User& user, const RequestContent& request) {
  storage::Event event =
      storage::MakeEvent(ctx, now, std::string(type),
                         {{.type = "user", .id = user.id.ToString(), .label = user.username}},
                         JsonObject().Add("delivery", "MAIL").ToString());
  event.tenant_id = user.tenant_id;
  event.actor = {.type = "anonymous", .id = "", .label = ""};
  event.ip_address = request.ip_address;
  event.user_agent = request.user_agent;
  event.request_id = request.request_id;
  return event;
}

}  // namespace

base::Task<absl::StatusOr<std::optional<storage::User>>> RequestAnswerer::FindUser(
    base::CallContext ctx, storage::TakenMail request, std::string login_key) const {
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<storage::UserCredentials> found,
      co_await deps_.users.GetCredentials(ctx, request.tenant_id, std::move(login_key)));
  if (!found) co_return std::nullopt;
  GH_CO_ASSIGN_OR_RETURN(std::optional<storage::User> user,
                         co_await deps_.users.Get(ctx, request.tenant_id, found->id));
  if (!user || user->delete_time || user->state != storage::UserState::kActive || !user->email ||
      !Mailbox::Parse(*user->email)) {
    co_return std::nullopt;
  }
  GH_CO_ASSIGN_OR_RETURN(const std::optional<base::Time> last,
                         co_await deps_.tokens.LastMade(ctx, request.tenant_id, user->id,
                                                        MadeFor(request.kind).purpose));
  if (last && !base::Pause(*last, kResendPause).IsOver(deps_.clock.Now())) co_return std::nullopt;
  co_return user;
}

base::Task<absl::StatusOr<bool>> RequestAnswerer::Answer(base::CallContext ctx,
                                                         storage::TakenMail request) const {
  absl::StatusOr<bool> answered = false;
  for (int tries = 0; tries < kMaxTries; ++tries) {
    answered = co_await TryToAnswer(ctx, request);
    if (!base::HasReason(answered.status(), base::Reason::kConflict)) break;
  }
  co_return answered;
}

base::Task<absl::StatusOr<bool>> RequestAnswerer::TryToAnswer(base::CallContext ctx,
                                                              storage::TakenMail request) const {
  const base::Time now = deps_.clock.Now();
  const std::optional<RequestContent> content = RequestContent::FromJson(request.content);
  std::optional<storage::User> user;
  if (content && now < request.expire_time && deps_.composer.Sends(request.kind)) {
    GH_CO_ASSIGN_OR_RETURN(user, co_await FindUser(ctx, request, content->login_key));
  }
  if (!user) {
    GH_CO_RETURN_IF_ERROR(co_await deps_.mails.DropRequest(std::move(ctx), std::move(request)));
    co_return false;
  }
  const Made made = MadeFor(request.kind);
  auth::OneTimeTokenCodec::Made token = deps_.codec.Make(made.purpose, user->tenant_id, user->id);
  const base::Time expire_time = now + made.lifetime;
  GH_CO_ASSIGN_OR_RETURN(storage::Mail mail,
                         deps_.composer.Answering(request, {.kind = request.kind,
                                                            .user = *user,
                                                            .to = *user->email,
                                                            .token = token.token,
                                                            .now = now,
                                                            .expire_time = expire_time}));
  storage::Change change{.events = {EventOf(ctx, now, made.event_type, *user, *content)}};
  change.mails.push_back(std::move(mail));
  GH_CO_RETURN_IF_ERROR(co_await deps_.tokens.Put(
      ctx, {.key = std::move(token.key), .create_time = now, .expire_time = expire_time}, *user,
      // Of several at a time, here or elsewhere, one is answered.
      std::move(change), now - kResendPause));
  co_return true;
}

}  // namespace gatehouse::service::mail
