#include "storage/postgres/client/notices.h"

#include <string_view>

#include "base/log_line.h"

namespace gatehouse::storage::postgres {
namespace {

void OnNotice(void*, const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  const char* text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
  // Notices of libpq's own have no severity.
  const std::string_view kind = severity == nullptr ? "WARNING" : severity;
  if (kind == "NOTICE" || kind == "INFO" || kind == "LOG" || kind == "DEBUG") return;
  base::LogLine(base::LogLevel::kWarning, "the database warns",
                {{"message", text == nullptr ? PQresultErrorMessage(notice) : text}});
}

}  // namespace

void LogNotices(PGconn* connection) { PQsetNoticeReceiver(connection, OnNotice, nullptr); }

}  // namespace gatehouse::storage::postgres
