#include "storage/mail/mail_batch.h"

#include <cstdint>
#include <string>
#include <vector>

#include "storage/mail/queries/mail_queries.h"
#include "storage/postgres/client/batch.h"
#include "storage/postgres/client/params.h"

namespace gatehouse::storage {
namespace {

using base::Time;
using base::Uuid;
using postgres::Bytes;
using postgres::Params;
namespace queries = mail::queries;

// One array for each column.
struct MailColumns {
  std::vector<Uuid> tenant_ids, ids, user_ids;
  std::vector<int32_t> kinds, states;
  std::vector<Bytes> contents;
  std::vector<Time> create_times, expire_times;

  void Add(const Mail& mail) {
    tenant_ids.push_back(mail.tenant_id);
    ids.push_back(mail.id);
    kinds.push_back(static_cast<int32_t>(mail.kind));
    states.push_back(static_cast<int32_t>(mail.state));
    user_ids.push_back(mail.user_id);
    contents.push_back({mail.sealed_content});
    create_times.push_back(mail.create_time);
    expire_times.push_back(mail.expire_time);
  }
};

}  // namespace

void AppendMails(postgres::Batch& batch, std::span<const Mail> mails) {
  MailColumns columns;
  for (const Mail& mail : mails) {
    if (mail.request_fence == 0) {
      columns.Add(mail);
      continue;
    }
    batch.Add(queries::kAnswerRequest,
              Params::Of(mail.tenant_id, mail.id, mail.request_fence, mail.user_id,
                         Bytes{mail.sealed_content}, mail.create_time, mail.expire_time));
  }
  if (columns.ids.empty()) return;
  batch.Add(queries::kInsert, Params::Of(columns.tenant_ids, columns.ids, columns.kinds,
                                         columns.states, columns.user_ids, columns.contents,
                                         columns.create_times, columns.expire_times));
}

}  // namespace gatehouse::storage
