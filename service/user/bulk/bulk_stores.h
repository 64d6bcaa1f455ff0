#ifndef GATEHOUSE_SERVICE_USER_BULK_BULK_STORES_H_
#define GATEHOUSE_SERVICE_USER_BULK_BULK_STORES_H_

#include "storage/event_log/event_log.h"
#include "storage/mail/mail_store.h"
#include "storage/session/session_store.h"
#include "storage/user_export/user_export_store.h"
#include "storage/user_import/user_import_store.h"
#include "storage/user_purge/user_purge_store.h"

namespace gatehouse::service {

// What only the methods of this folder read and change. All of it outlives them.
struct BulkStores {
  storage::UserImportStore& imports;
  storage::UserPurgeStore& purges;
  storage::UserExportStore& exports;
  storage::SessionStore& sessions;
  storage::MailStore& mails;
  storage::EventLog& log;
};

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_BULK_BULK_STORES_H_
