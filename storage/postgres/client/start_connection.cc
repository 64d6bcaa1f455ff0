#include "storage/postgres/client/start_connection.h"

#include <libpq-fe.h>

#include <string_view>
#include <vector>

#include "base/log_line.h"

namespace gatehouse::storage::postgres {
namespace {

void OnNotice(void*, const PGresult* notice) {
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  const char* text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
  // Notices of libpq's own have no severity.
  const std::string_view kind = severity == nullptr ? "WARNING" : severity;
  const bool lesser = kind == "NOTICE" || kind == "INFO" || kind == "LOG" || kind == "DEBUG";
  base::LogLine(lesser ? base::LogLevel::kDebug : base::LogLevel::kWarning,
                lesser ? "the database notes" : "the database warns",
                {{"message", text == nullptr ? PQresultErrorMessage(notice) : text}});
}

}  // namespace

pg_conn* StartConnection(const DsnValues& values) {
  std::vector<const char*> keywords;
  std::vector<const char*> texts;
  for (const auto& [keyword, value] : values) {
    keywords.push_back(keyword.c_str());
    texts.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  texts.push_back(nullptr);
  pg_conn* connection = PQconnectStartParams(keywords.data(), texts.data(), /*expand_dbname=*/0);
  if (connection != nullptr) PQsetNoticeReceiver(connection, OnNotice, nullptr);
  return connection;
}

}  // namespace gatehouse::storage::postgres
