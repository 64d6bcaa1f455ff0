#include "service/mail/alert/alert_mailer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/reason.h"
#include "base/status.h"
#include "service/alert/alert_message.h"
#include "service/mail/alert/alert_telling.h"
#include "service/mail/message/local_time.h"

namespace gatehouse::service::mail {
namespace {

constexpr int64_t kNoticesPerTurn = 100;
// A mail is no place for more; the alert itself has all of it.
constexpr size_t kMaxDetails = 2'000;

std::string_view StateName(storage::AlertState state) {
  switch (state) {
    case storage::AlertState::kOpen:
      return "OPEN";
    case storage::AlertState::kAcknowledged:
      return "ACKNOWLEDGED";
    case storage::AlertState::kResolved:
      return "RESOLVED";
  }
  return "";
}

std::string_view SeverityName(const storage::Alert& alert) {
  const bool critical =
      storage::SeverityOf(alert.key.kind, alert.level) == storage::AlertSeverity::kCritical;
  return critical ? "CRITICAL" : "WARNING";
}

TemplateValues ValuesOf(const storage::AlertDestination& destination, const storage::Alert& alert) {
  const bool of_server = alert.key.endpoint_id.is_nil();
  return {{"destination", destination.display_name},
          {"kind", std::string(storage::AlertKindName(alert.key.kind))},
          {"severity", std::string(SeverityName(alert))},
          {"state", std::string(StateName(alert.state))},
          {"message", MessageOf(alert)},
          {"endpoint_id", of_server ? "-" : alert.key.endpoint_id.ToString()},
          {"first_time", FormatLocalTime(alert.first_occurred_time, destination.time_zone)},
          {"last_time", FormatLocalTime(alert.last_occurred_time, destination.time_zone)},
          {"count", std::to_string(alert.occurrence_count)},
          {"alert_id", alert.id.ToString()},
          {"details", alert.details_json.size() > kMaxDetails ? "-" : alert.details_json}};
}

}  // namespace

base::Task<absl::Status> AlertMailer::RunOnce(base::CallContext ctx) const {
  GH_CO_ASSIGN_OR_RETURN(
      const std::vector<storage::AlertNotice> due,
      co_await deps_.destinations.ListDue(ctx, deps_.clock.Now(), kNoticesPerTurn));
  absl::Status problem;
  // One that fails holds up no other.
  for (const storage::AlertNotice& notice : due) problem.Update(co_await Look(ctx, notice));
  co_return problem;
}

base::Task<absl::Status> AlertMailer::Look(base::CallContext ctx,
                                           storage::AlertNotice notice) const {
  GH_CO_ASSIGN_OR_RETURN(
      const std::optional<storage::AlertDestination> destination,
      co_await deps_.destinations.Get(ctx, notice.tenant_id, notice.destination_id));
  GH_CO_ASSIGN_OR_RETURN(const std::optional<storage::Alert> alert,
                         co_await deps_.alerts.Get(ctx, notice.tenant_id, notice.alert_id));
  const base::Time now = deps_.clock.Now();
  Telling telling;
  if (destination && alert) telling = TellingOf(*destination, notice, *alert, now);
  absl::Status written;
  if (telling.what == Telling::What::kLater) {
    notice.due_time = telling.again;
    written = co_await deps_.destinations.Delay(ctx, std::move(notice));
  } else {
    std::vector<storage::Mail> mails;
    if (telling.what == Telling::What::kTell) {
      mails = MailsOf(*destination, *alert, now);
      notice.told_time = now;
    }
    if (alert) {
      // Also of what it did not want to know: the next opening is news.
      const bool resolved = alert->state == storage::AlertState::kResolved;
      const bool told = telling.what == Telling::What::kTell;
      if (resolved || told) notice.told_state = alert->state;
      if (told) notice.told_level = alert->level;
    }
    written = co_await deps_.destinations.Told(ctx, std::move(notice), std::move(mails));
  }
  // It was changed meanwhile, and is due again for whoever did so.
  if (base::HasReason(written, base::Reason::kConflict)) co_return absl::OkStatus();
  co_return written;
}

std::vector<storage::Mail> AlertMailer::MailsOf(const storage::AlertDestination& destination,
                                                const storage::Alert& alert, base::Time now) const {
  std::vector<storage::Mail> mails;
  for (const std::string& address : destination.addresses) {
    mails.push_back(deps_.composer.ForAlert(
        destination.tenant_id,
        {.to = address, .locale = destination.locale, .values = ValuesOf(destination, alert)},
        now));
  }
  return mails;
}

}  // namespace gatehouse::service::mail
