#include "service/alert/destination/destination_fields.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "auth/permission/permissions.h"
#include "service/alert/alert_conversion.h"
#include "service/common/account_names.h"
#include "service/common/etag.h"
#include "service/common/regional.h"
#include "service/common/timestamps.h"
#include "service/mail/message/local_time.h"
#include "service/mail/message/mailbox.h"

namespace gatehouse::service {
namespace {

using storage::AlertDestination;
using storage::AlertKind;
using storage::QuietHours;

constexpr size_t kMaxName = 100;
constexpr int kMaxAddresses = 20;
constexpr int kMaxQuietHours = 10;
constexpr int kDaysOfWeek = 7;
constexpr size_t kMaxLocale = 35;
constexpr base::Duration kMaxSilence = std::chrono::days(7);
constexpr char kPrefix[] = "destination.";

std::string NameOf(std::string_view list, int index, std::string_view field = "") {
  std::string name = kPrefix + std::string(list) + "[" + std::to_string(index) + "]";
  return field.empty() ? name : name + "." + std::string(field);
}

template <typename T>
bool HasTwice(std::vector<T> values) {
  std::ranges::sort(values);
  return std::ranges::adjacent_find(values) != values.end();
}

void ReadAddresses(const v1::AlertDestination& from, AlertDestination& to, FieldChecks& checks) {
  to.addresses.clear();
  if (from.addresses().empty() || from.addresses_size() > kMaxAddresses) {
    checks.Fail("destination.addresses", "must be 1 to 20 addresses");
    return;
  }
  std::vector<std::string> keys;
  for (int i = 0; i < from.addresses_size(); ++i) {
    const std::string field = NameOf("addresses", i);
    std::optional<AccountName> name = ReadEmail(field, from.addresses(i), checks);
    if (!name) continue;
    if (!mail::Mailbox::Parse(name->text)) checks.Fail(field, "cannot be written to by mail");
    to.addresses.push_back(std::move(name->text));
    keys.push_back(std::move(name->key));
  }
  if (HasTwice(std::move(keys))) checks.Fail("destination.addresses", "has an address twice");
}

void ReadKinds(const v1::AlertDestination& from, AlertDestination& to, FieldChecks& checks) {
  to.kinds.clear();
  for (int i = 0; i < from.kinds_size(); ++i) {
    const int kind = from.kinds(i);
    if (kind < 1 || kind > static_cast<int>(storage::kLastAlertKind)) {
      checks.Fail(NameOf("kinds", i), "is no kind of alert");
      continue;
    }
    to.kinds.push_back(static_cast<AlertKind>(kind));
  }
  if (from.kinds().empty()) {
    for (int i = 1; i <= static_cast<int>(storage::kLastAlertKind); ++i) {
      const AlertKind kind = static_cast<AlertKind>(i);
      if (!storage::IsAboutServer(kind)) to.kinds.push_back(kind);
    }
  }
  std::ranges::sort(to.kinds);
  const auto twice = std::ranges::unique(to.kinds);
  to.kinds.erase(twice.begin(), twice.end());
}

// "HH:MM".
std::optional<std::chrono::minutes> ReadTimeOfDay(std::string_view text) {
  const auto digit = [text](size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
    return std::nullopt;
  }
  const int hours = (text[0] - '0') * 10 + (text[1] - '0');
  const int minutes = (text[3] - '0') * 10 + (text[4] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  return std::chrono::hours(hours) + std::chrono::minutes(minutes);
}

std::string WriteTimeOfDay(std::chrono::minutes since_midnight) {
  const auto two = [](int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  return two(since_midnight.count() / 60) + ":" + two(since_midnight.count() % 60);
}

void ReadQuietHours(const v1::AlertDestination& from, AlertDestination& to, FieldChecks& checks) {
  to.quiet_hours.clear();
  if (from.quiet_hours_size() > kMaxQuietHours) {
    checks.Fail("destination.quiet_hours", "must be 10 at most");
    return;
  }
  for (int i = 0; i < from.quiet_hours_size(); ++i) {
    const v1::QuietHours& given = from.quiet_hours(i);
    QuietHours hours{.days = {given.days().begin(), given.days().end()}};
    std::ranges::sort(hours.days);
    const bool wrong_day =
        std::ranges::any_of(hours.days, [](int32_t day) { return day < 1 || day > kDaysOfWeek; });
    if (hours.days.empty() || wrong_day || HasTwice(hours.days)) {
      checks.Fail(NameOf("quiet_hours", i, "days"), "must be days from 1 to 7, each once");
    }
    const std::optional<std::chrono::minutes> start = ReadTimeOfDay(given.start());
    const std::optional<std::chrono::minutes> end = ReadTimeOfDay(given.end());
    if (!start) checks.Fail(NameOf("quiet_hours", i, "start"), "must be a time as \"22:00\"");
    if (!end) checks.Fail(NameOf("quiet_hours", i, "end"), "must be a time as \"06:00\"");
    hours.start = start.value_or(std::chrono::minutes(0));
    hours.end = end.value_or(std::chrono::minutes(0));
    to.quiet_hours.push_back(std::move(hours));
  }
}

void ReadSilence(const v1::AlertDestination& from, AlertDestination& to, FieldChecks& checks) {
  const absl::StatusOr<base::Duration> silence =
      DurationFromProto("destination.silence", from.silence());
  if (!checks.Check(silence.status())) return;
  if (*silence < base::Duration(0) || *silence > kMaxSilence) {
    checks.Fail("destination.silence", "must be 0 to 7 days");
    return;
  }
  to.silence = std::chrono::duration_cast<std::chrono::milliseconds>(*silence);
}

void ReadPlace(const v1::AlertDestination& from, std::string_view field, AlertDestination& to,
               FieldChecks& checks) {
  if (field == "time_zone") {
    to.time_zone = from.time_zone();
    if (!to.time_zone.empty() && !(IsTimeZone(to.time_zone) && mail::HasTimeZone(to.time_zone))) {
      checks.Fail("destination.time_zone", "must be a name of the IANA time zone database");
    }
    return;
  }
  to.locale = from.locale();
  if (!to.locale.empty() && (to.locale.size() > kMaxLocale || !IsLanguageTag(to.locale))) {
    checks.Fail("destination.locale", "must be a language tag as \"de-AT\", at most 35 bytes");
  }
}

void Apply(const v1::AlertDestination& from, std::string_view field, AlertDestination& to,
           FieldChecks& checks) {
  if (field == "display_name") {
    to.display_name = from.display_name();
    checks.Length("destination.display_name", to.display_name, 1, kMaxName);
  } else if (field == "addresses") {
    ReadAddresses(from, to, checks);
  } else if (field == "kinds") {
    ReadKinds(from, to, checks);
  } else if (field == "tells_resolved") {
    to.tells_resolved = from.tells_resolved();
  } else if (field == "silence") {
    ReadSilence(from, to, checks);
  } else if (field == "quiet_hours") {
    ReadQuietHours(from, to, checks);
  } else if (field == "wakes_critical") {
    to.wakes_critical = from.wakes_critical();
  } else {
    ReadPlace(from, field, to, checks);
  }
}

}  // namespace

void ApplyDestinationFields(const v1::AlertDestination& from, std::span<const std::string> fields,
                            AlertDestination& to, FieldChecks& checks) {
  for (const std::string& field : fields) Apply(from, field, to, checks);
}

std::vector<std::string> ChangedDestinationFields(const AlertDestination& before,
                                                  const AlertDestination& after) {
  std::vector<std::string> changed;
  const auto compare = [&changed](std::string_view field, const auto& a, const auto& b) {
    if (a != b) changed.emplace_back(field);
  };
  compare("display_name", before.display_name, after.display_name);
  compare("addresses", before.addresses, after.addresses);
  compare("kinds", before.kinds, after.kinds);
  compare("tells_resolved", before.tells_resolved, after.tells_resolved);
  compare("silence", before.silence, after.silence);
  compare("quiet_hours", before.quiet_hours, after.quiet_hours);
  compare("wakes_critical", before.wakes_critical, after.wakes_critical);
  compare("time_zone", before.time_zone, after.time_zone);
  compare("locale", before.locale, after.locale);
  return changed;
}

absl::Status RequireKindsSeen(const base::Principal& caller, const AlertDestination& destination) {
  const bool of_server = std::ranges::any_of(destination.kinds, storage::IsAboutServer);
  if (!of_server || SeesServerAlerts(caller)) return absl::OkStatus();
  return auth::PermissionDenied(auth::PermissionName(auth::Permission::kAdminRead));
}

void ToProto(const AlertDestination& from, v1::AlertDestination& to) {
  to.set_id(from.id.ToString());
  to.set_display_name(from.display_name);
  for (const std::string& address : from.addresses) to.add_addresses(address);
  for (const AlertKind kind : from.kinds) to.add_kinds(static_cast<v1::AlertKind>(kind));
  to.set_tells_resolved(from.tells_resolved);
  SetDuration(from.silence, to.mutable_silence());
  for (const QuietHours& hours : from.quiet_hours) {
    v1::QuietHours& out = *to.add_quiet_hours();
    for (const int32_t day : hours.days) out.add_days(day);
    out.set_start(WriteTimeOfDay(hours.start));
    out.set_end(WriteTimeOfDay(hours.end));
  }
  to.set_wakes_critical(from.wakes_critical);
  to.set_time_zone(from.time_zone);
  to.set_locale(from.locale);
  SetTimestamp(from.create_time, to.mutable_create_time());
  SetTimestamp(from.update_time, to.mutable_update_time());
  to.set_etag(MakeEtag(from.version));
}

storage::Event DestinationEvent(const base::CallContext& ctx, base::Time now, std::string_view type,
                                const AlertDestination& destination, std::string details_json) {
  return storage::MakeEvent(ctx, now, std::string(type),
                            {{.type = "alert_destination",
                              .id = destination.id.ToString(),
                              .label = destination.display_name}},
                            std::move(details_json));
}

}  // namespace gatehouse::service
