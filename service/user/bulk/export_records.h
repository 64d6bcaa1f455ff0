#ifndef GATEHOUSE_SERVICE_USER_BULK_EXPORT_RECORDS_H_
#define GATEHOUSE_SERVICE_USER_BULK_EXPORT_RECORDS_H_

#include <string_view>

#include "absl/status/status.h"
#include "storage/event_log/event_log.h"
#include "storage/mail/mail.h"
#include "storage/one_time_token/one_time_token.h"
#include "storage/second_factor/second_factor.h"
#include "storage/session/session.h"
#include "storage/thread/thread.h"
#include "storage/user_export/user_export.h"

namespace gatehouse::v1 {
class ExportedMail;
class ExportedMessage;
class ExportedOneTimeToken;
class ExportedSecondFactor;
class ExportedSession;
class ExportedThread;
}  // namespace gatehouse::v1

namespace gatehouse::service {

// The records of an export. INTERNAL where stored JSON is none.
absl::Status ToProto(const storage::Session& session, v1::ExportedSession& out);
absl::Status ToProto(const storage::ThreadMessage& message, v1::ExportedMessage& out);
void ToProto(const storage::UserThread& thread, v1::ExportedThread& out);
void ToProto(const storage::TotpFactor& factor, v1::ExportedSecondFactor& out);
void ToProto(const storage::OneTimeToken& token, v1::ExportedOneTimeToken& out);
// Without what it says: a link of it has a token.
void ToProto(const storage::KeptMail& mail, v1::ExportedMail& out);

// Takes out of an event who did it, and from where, unless that was the user.
void HideOthers(std::string_view user_id, storage::Event& event);

}  // namespace gatehouse::service

#endif  // GATEHOUSE_SERVICE_USER_BULK_EXPORT_RECORDS_H_
