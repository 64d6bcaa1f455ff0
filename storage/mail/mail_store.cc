#include "storage/mail/mail_store.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "storage/mail/mail_batch.h"
#include "storage/mail/queries/mail_queries.h"
#include "storage/postgres/change_batch.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/database.h"

namespace gatehouse::storage {
namespace {

using base::CallContext;
using base::Task;
using base::Time;
using base::Uuid;
using postgres::Batch;
using postgres::Bytes;
using postgres::Params;
using postgres::Rows;
using postgres::RowView;
namespace queries = mail::queries;

void AppendFinish(Batch& batch, const TakenMail& mail, MailState state, const MailOutcome& outcome,
                  Time now) {
  batch.Add(queries::kFinish,
            Params::Of(mail.tenant_id, mail.id, mail.fence, static_cast<int32_t>(state), now,
                       outcome.error_class, outcome.smtp_code));
}

}  // namespace

Task<absl::Status> MailStore::Request(CallContext ctx, Mail request) {
  Batch batch;
  AppendMails(batch, {&request, 1});
  co_return (co_await database_.Run(std::move(ctx), std::move(batch))).status();
}

Task<absl::StatusOr<std::vector<TakenMail>>> MailStore::TakeDue(CallContext ctx, Take take) {
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows,
      co_await database_.Query(std::move(ctx), queries::kTake,
                               Params::Of(take.now, int64_t{take.lease.count()}, take.limit)));
  co_return rows.Decode([this](RowView row) {
    TakenMail mail{.tenant_id = row.Get<Uuid>(0),
                   .id = row.Get<Uuid>(1),
                   .kind = static_cast<MailKind>(row.Get<int32_t>(2)),
                   .state = static_cast<MailState>(row.Get<int32_t>(3)),
                   .user_id = row.Get<Uuid>(4),
                   .create_time = row.Get<Time>(6),
                   .expire_time = row.Get<Time>(7),
                   .attempt_count = row.Get<int32_t>(8),
                   .fence = row.Get<int64_t>(9)};
    mail.content = seal_.Open(mail.tenant_id, mail.id, row.Get<Bytes>(5).value).value_or("");
    return mail;
  });
}

Task<absl::Status> MailStore::Sent(CallContext ctx, TakenMail mail, MailOutcome outcome, Time now) {
  Batch batch;
  AppendFinish(batch, mail, MailState::kSent, outcome, now);
  co_return (co_await database_.Run(std::move(ctx), std::move(batch))).status();
}

Task<absl::Status> MailStore::GiveUp(CallContext ctx, TakenMail mail, MailOutcome outcome, Time now,
                                     Change change) {
  Batch batch;
  postgres::AppendChange(batch, change);
  AppendFinish(batch, mail, MailState::kGivenUp, outcome, now);
  co_return (co_await database_.Run(std::move(ctx), std::move(batch))).status();
}

Task<absl::Status> MailStore::Delay(CallContext ctx, TakenMail mail, MailOutcome outcome, Time due,
                                    bool counts) {
  Batch batch;
  batch.Add(queries::kDelay,
            Params::Of(mail.tenant_id, mail.id, mail.fence, due, int32_t{counts ? 0 : 1},
                       outcome.error_class, outcome.smtp_code));
  co_return (co_await database_.Run(std::move(ctx), std::move(batch))).status();
}

Task<absl::Status> MailStore::DropRequest(CallContext ctx, TakenMail request) {
  Batch batch;
  batch.Add(queries::kDropRequest, Params::Of(request.tenant_id, request.id, request.fence));
  co_return (co_await database_.Run(std::move(ctx), std::move(batch))).status();
}

Task<absl::StatusOr<std::vector<KeptMail>>> MailStore::ListOfUser(CallContext ctx, Uuid tenant_id,
                                                                  Uuid user_id, Uuid after,
                                                                  int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kListOfUser,
                                                  Params::Of(tenant_id, user_id, after, limit)));
  co_return rows.Decode([&](RowView row) {
    KeptMail mail{
        .id = row.Get<Uuid>(0),
        .kind = static_cast<MailKind>(row.Get<int32_t>(1)),
        .state = static_cast<MailState>(row.Get<int32_t>(2)),
        .create_time = row.Get<Time>(4),
        .expire_time = row.Get<Time>(5),
        .end_time = row.Get<std::optional<Time>>(6),
        .attempt_count = row.Get<int32_t>(7),
        .last_outcome = {.error_class = row.Get<std::string>(8), .smtp_code = row.Get<int32_t>(9)}};
    const std::optional<Bytes> sealed = row.Get<std::optional<Bytes>>(3);
    if (sealed) mail.content = seal_.Open(tenant_id, mail.id, sealed->value).value_or("");
    return mail;
  });
}

Task<absl::StatusOr<int64_t>> MailStore::Purge(CallContext ctx, Uuid tenant_id, Time before,
                                               int64_t limit) {
  GH_CO_ASSIGN_OR_RETURN(const Rows rows,
                         co_await database_.Query(std::move(ctx), queries::kPurge,
                                                  Params::Of(tenant_id, before, limit)));
  co_return rows.affected_rows();
}

Task<absl::StatusOr<Resealed<MailStore::Place>>> MailStore::Reseal(CallContext ctx, Place after,
                                                                   int64_t limit, Change change) {
  struct Sealed {
    Place place;
    std::string content;
  };
  GH_CO_ASSIGN_OR_RETURN(
      const Rows rows, co_await database_.Query(ctx, queries::kListSealed,
                                                Params::Of(after.tenant_id, after.mail_id, limit)));
  GH_CO_ASSIGN_OR_RETURN(const std::vector<Sealed> mails, rows.Decode([](RowView row) {
    return Sealed{{row.Get<Uuid>(0), row.Get<Uuid>(1)}, row.Get<Bytes>(2).value};
  }));
  Resealed<Place> found{.looked_at = static_cast<int64_t>(mails.size())};
  std::vector<Uuid> tenants, ids;
  std::vector<Bytes> before, resealed;
  for (const Sealed& mail : mails) {
    GH_CO_ASSIGN_OR_RETURN(std::optional<std::string> content,
                           seal_.Reseal(mail.place.tenant_id, mail.place.mail_id, mail.content));
    if (!content) continue;
    tenants.push_back(mail.place.tenant_id);
    ids.push_back(mail.place.mail_id);
    before.push_back({mail.content});
    resealed.push_back({*std::move(content)});
  }
  if (found.looked_at == limit) found.next = mails.back().place;
  if (ids.empty()) co_return found;
  found.resealed = static_cast<int64_t>(ids.size());
  Batch batch;
  postgres::AppendChange(batch, change);
  batch.Add(queries::kReseal, Params::Of(tenants, ids, before, resealed));
  GH_CO_RETURN_IF_ERROR((co_await database_.Run(ctx, std::move(batch))).status());
  co_return found;
}

}  // namespace gatehouse::storage
