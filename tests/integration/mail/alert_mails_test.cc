// Whom alerts are told to by mail, and when.

#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/uuid.h"
#include "gatehouse/v1/alert.pb.h"
#include "storage/alert/alert.h"
#include "tests/integration/mail/mail_fixture.h"

namespace gatehouse::tests {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using storage::AlertKind;

class AlertMailsTest : public MailFixture {
 protected:
  void SetUp() override {
    MailFixture::SetUp();
    operator_ = backend().MakeApiKey({"endpoints.read", "endpoints.write", "admin.read"});
    tenant_ = backend().MakeApiKey({"endpoints.read", "endpoints.write"});
  }

  static v1::CreateAlertDestinationRequest OnCall() {
    v1::CreateAlertDestinationRequest request;
    v1::AlertDestination& destination = *request.mutable_destination();
    destination.set_display_name("on call");
    destination.add_addresses("oncall@example.com");
    destination.set_tells_resolved(true);
    return request;
  }
  UnaryOutcome<v1::CreateAlertDestinationResponse> TryCreate(
      const v1::CreateAlertDestinationRequest& request) {
    return Call<v1::CreateAlertDestinationResponse>(tenant_, request);
  }
  v1::AlertDestination CreateDestination(const v1::CreateAlertDestinationRequest& request) {
    const auto outcome = TryCreate(request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.destination();
  }
  UnaryOutcome<v1::UpdateAlertDestinationResponse> UpdateName(const Caller& caller,
                                                              const v1::AlertDestination& of,
                                                              const std::string& name) {
    v1::UpdateAlertDestinationRequest request;
    request.set_destination_id(of.id());
    request.mutable_destination()->set_display_name(name);
    request.mutable_destination()->set_etag(of.etag());
    request.mutable_update_mask()->add_paths("display_name");
    return Call<v1::UpdateAlertDestinationResponse>(caller, request);
  }

  void Signal(AlertKind kind, int32_t level = 0, bool over = false) {
    const bool of_server = storage::IsAboutServer(kind);
    const storage::AlertSignal signal{.key = {.tenant_id = base::kDefaultTenantId,
                                              .kind = kind,
                                              .endpoint_id = of_server ? base::Uuid() : endpoint_},
                                      .level = level,
                                      .time = clock().Now(),
                                      .details_json = "{\"error_class\":\"timeout\"}",
                                      .over = over,
                                      .resolution = over ? "recovered" : ""};
    ASSERT_THAT(backend().runner.Run<absl::Status>([&] {
      return backend().storage->alerts.Signal(backend().SystemContext(), {signal});
    }),
                IsOk());
    clock().Advance(std::chrono::seconds(1));
  }
  // The subjects of the mails that there are after a turn.
  std::vector<std::string> Told() {
    Turn();
    std::vector<std::string> subjects;
    for (size_t left = smtp_.untold(); left > 0; --left) {
      subjects.push_back(smtp_.NextMail()["headers"]["Subject"]);
    }
    return subjects;
  }
  using Subjects = std::vector<std::string>;

  Caller operator_;
  Caller tenant_;
  base::Uuid endpoint_ = *base::Uuid::Parse("0190d1f0-0000-7000-8000-00000000000a");
};

TEST_F(AlertMailsTest, TellsOfAnAlertAsItOpensWorsensAndEnds) {
  v1::CreateAlertDestinationRequest request = OnCall();
  request.mutable_destination()->add_addresses("team@example.com");
  CreateDestination(request);
  Signal(AlertKind::kFailing, 50);
  Turn();
  const nlohmann::json first = smtp_.NextMail();
  const nlohmann::json second = smtp_.NextMail();
  EXPECT_NE(first["to"], second["to"]);
  EXPECT_EQ(first["headers"]["Subject"], "[WARNING] FAILING is OPEN");
  const std::string text = first["text"];
  EXPECT_NE(text.find("no success for 50 %"), std::string::npos) << text;
  EXPECT_NE(text.find(endpoint_.ToString()), std::string::npos) << text;
  EXPECT_NE(text.find("timeout"), std::string::npos) << text;
  // What only counts up is no news.
  Signal(AlertKind::kFailing, 50);
  EXPECT_EQ(Told(), Subjects());
  Signal(AlertKind::kFailing, 90);
  EXPECT_EQ(Told(), Subjects(2, "[CRITICAL] FAILING is OPEN"));
  Signal(AlertKind::kFailing, 0, /*over=*/true);
  EXPECT_EQ(Told().size(), 2u);
}

TEST_F(AlertMailsTest, ANoticeIsWrittenInTheTransactionOfTheAlert) {
  Signal(AlertKind::kDisabled);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert_notice"), "0");
  CreateDestination(OnCall());
  Signal(AlertKind::kExhausted);
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert_notice n JOIN gatehouse.alert a USING "
                "(tenant_id, alert_id) WHERE n.due_time = a.first_occurred_time AND a.kind = 3"),
            "1");
  EXPECT_EQ(Told(), Subjects{"[CRITICAL] EXHAUSTED is OPEN"});
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert_notice WHERE due_time IS NOT NULL"), "0");
}

TEST_F(AlertMailsTest, OnlyTheKindsThatItWants) {
  v1::CreateAlertDestinationRequest request = OnCall();
  request.mutable_destination()->add_kinds(v1::ALERT_KIND_DISABLED);
  CreateDestination(request);
  Signal(AlertKind::kFailing, 50);
  EXPECT_EQ(Told(), Subjects());
  Signal(AlertKind::kDisabled);
  EXPECT_EQ(Told(), Subjects{"[CRITICAL] DISABLED is OPEN"});
}

TEST_F(AlertMailsTest, ResolvedByHandIsToldToo) {
  CreateDestination(OnCall());
  Signal(AlertKind::kExhausted);
  EXPECT_EQ(Told().size(), 1u);
  v1::ResolveAlertRequest resolve;
  resolve.set_alert_id(Ask("SELECT alert_id FROM gatehouse.alert"));
  ASSERT_TRUE(Call<v1::ResolveAlertResponse>(tenant_, resolve).ok());
  EXPECT_EQ(Told(), Subjects{"[CRITICAL] EXHAUSTED is RESOLVED"});
}

TEST_F(AlertMailsTest, IsSilentForAWhileAndThenSaysWhereItStands) {
  v1::CreateAlertDestinationRequest request = OnCall();
  request.mutable_destination()->mutable_silence()->set_seconds(7200);
  CreateDestination(request);
  Signal(AlertKind::kFailing, 50);
  EXPECT_EQ(Told().size(), 1u);
  Signal(AlertKind::kFailing, 70);
  Signal(AlertKind::kFailing, 90);
  EXPECT_EQ(Told(), Subjects());
  clock().Advance(hours(2));
  EXPECT_EQ(Told(), Subjects{"[CRITICAL] FAILING is OPEN"});
  clock().Advance(hours(2));
  EXPECT_EQ(Told(), Subjects());
}

TEST_F(AlertMailsTest, WaitsForTheEndOfQuietHours) {
  v1::CreateAlertDestinationRequest request = OnCall();
  v1::QuietHours& night = *request.mutable_destination()->add_quiet_hours();
  for (int day = 1; day <= 7; ++day) night.add_days(day);
  night.set_start("22:00");
  night.set_end("06:00");
  CreateDestination(request);
  // At midnight.
  Signal(AlertKind::kBacklog);
  EXPECT_EQ(Told(), Subjects());
  clock().Advance(hours(5) + minutes(59));
  EXPECT_EQ(Told(), Subjects());
  clock().Advance(minutes(1));
  EXPECT_EQ(Told(), Subjects{"[WARNING] BACKLOG is OPEN"});
  // What is over by the time that they are is not told at all.
  clock().Advance(hours(18));
  Signal(AlertKind::kDisabled);
  Signal(AlertKind::kDisabled, 0, /*over=*/true);
  clock().Advance(hours(7));
  EXPECT_EQ(Told(), Subjects());
}

TEST_F(AlertMailsTest, IsInTheLanguageOfTheDestination) {
  v1::CreateAlertDestinationRequest request = OnCall();
  request.mutable_destination()->set_locale("de-DE");
  CreateDestination(request);
  Signal(AlertKind::kDisabled);
  EXPECT_EQ(Told(), Subjects{"[CRITICAL] DISABLED ist OPEN"});
}

TEST_F(AlertMailsTest, ADestinationIsReadChangedAndDeleted) {
  const v1::AlertDestination made = CreateDestination(OnCall());
  EXPECT_EQ(made.kinds_size(), 6);
  v1::GetAlertDestinationRequest get;
  get.set_destination_id(made.id());
  EXPECT_EQ(Call<v1::GetAlertDestinationResponse>(tenant_, get)
                .response.destination()
                .SerializeAsString(),
            made.SerializeAsString());
  const auto renamed = UpdateName(tenant_, made, "night shift");
  ASSERT_TRUE(renamed.ok()) << renamed.message;
  EXPECT_EQ(renamed.response.destination().addresses_size(), 1);
  EXPECT_NE(renamed.response.destination().etag(), made.etag());
  EXPECT_EQ(UpdateName(tenant_, made, "day shift").reason(), "ETAG_MISMATCH");
  const auto again = UpdateName(tenant_, renamed.response.destination(), "night shift");
  EXPECT_EQ(again.response.destination().etag(), renamed.response.destination().etag());
  EXPECT_EQ(Call<v1::ListAlertDestinationsResponse>(tenant_, v1::ListAlertDestinationsRequest())
                .response.destinations_size(),
            1);
  Signal(AlertKind::kDisabled);
  v1::DeleteAlertDestinationRequest remove;
  remove.set_destination_id(made.id());
  ASSERT_TRUE(Call<v1::DeleteAlertDestinationResponse>(tenant_, remove).ok());
  EXPECT_EQ(Call<v1::DeleteAlertDestinationResponse>(tenant_, remove).reason(), "ALERT_NOT_FOUND");
  EXPECT_EQ(Told(), Subjects());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert_notice"), "0");
  EXPECT_EQ(Ask("SELECT string_agg(type, ' ' ORDER BY event_id) FROM gatehouse.event WHERE type "
                "LIKE 'alert.destination%'"),
            "alert.destination_created alert.destination_updated alert.destination_deleted");
}

TEST_F(AlertMailsTest, AnotherTenantsIsNone) {
  const v1::AlertDestination made = CreateDestination(OnCall());
  const Caller other =
      backend().MakeApiKey({"endpoints.read", "endpoints.write"},
                           *base::Uuid::Parse("0190d1f0-0000-7000-8000-0000000000ff"));
  v1::GetAlertDestinationRequest get;
  get.set_destination_id(made.id());
  EXPECT_EQ(Call<v1::GetAlertDestinationResponse>(other, get).reason(), "ALERT_NOT_FOUND");
  EXPECT_EQ(UpdateName(other, made, "mine").reason(), "ALERT_NOT_FOUND");
  EXPECT_EQ(Call<v1::ListAlertDestinationsResponse>(other, v1::ListAlertDestinationsRequest())
                .response.destinations_size(),
            0);
}

TEST_F(AlertMailsTest, AlertsOfTheServerAreForWhoMaySeeThem) {
  v1::CreateAlertDestinationRequest request = OnCall();
  request.mutable_destination()->add_kinds(v1::ALERT_KIND_LOG_HALTED);
  EXPECT_EQ(TryCreate(request).reason(), "PERMISSION_DENIED");
  const auto made = Call<v1::CreateAlertDestinationResponse>(operator_, request);
  ASSERT_TRUE(made.ok()) << made.message;
  EXPECT_EQ(UpdateName(tenant_, made.response.destination(), "mine").reason(), "PERMISSION_DENIED");
  Signal(AlertKind::kLogHalted);
  EXPECT_EQ(Told(), Subjects{"[CRITICAL] LOG_HALTED is OPEN"});
}

TEST_F(AlertMailsTest, EveryFieldIsLookedAt) {
  const auto fault = [&](auto change) {
    v1::CreateAlertDestinationRequest request = OnCall();
    change(*request.mutable_destination());
    return TryCreate(request).reason();
  };
  using Destination = v1::AlertDestination;
  EXPECT_EQ(fault([](Destination& d) { d.set_display_name(""); }), "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) { d.set_display_name(std::string(101, 'x')); }),
            "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) { d.clear_addresses(); }), "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) { d.add_addresses("ONCALL@example.com"); }), "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) { d.add_addresses("a,b@example.com"); }), "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) {
              for (int i = 0; i < 20; ++i) d.add_addresses(std::to_string(i) + "@example.com");
            }),
            "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) { d.add_kinds(static_cast<v1::AlertKind>(99)); }),
            "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) { d.mutable_silence()->set_seconds(-1); }), "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) { d.mutable_silence()->set_seconds(7 * 86400 + 1); }),
            "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) { d.set_time_zone("Mars/Olympus"); }), "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) { d.set_locale("not a tag"); }), "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) {
              v1::QuietHours& hours = *d.add_quiet_hours();
              hours.add_days(8);
              hours.set_start("22:00");
              hours.set_end("06:00");
            }),
            "INVALID_FIELD");
  EXPECT_EQ(fault([](Destination& d) {
              v1::QuietHours& hours = *d.add_quiet_hours();
              hours.add_days(1);
              hours.set_start("24:00");
              hours.set_end("6:00");
            }),
            "INVALID_FIELD");
  v1::CreateAlertDestinationRequest request = OnCall();
  request.set_validate_only(true);
  EXPECT_TRUE(TryCreate(request).ok());
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.alert_destination"), "0");
}

TEST_F(AlertMailsTest, ATenantHasOnlySoMany) {
  for (int i = 0; i < 50; ++i) CreateDestination(OnCall());
  EXPECT_EQ(TryCreate(OnCall()).reason(), "LIMIT_REACHED");
}

}  // namespace
}  // namespace gatehouse::tests
