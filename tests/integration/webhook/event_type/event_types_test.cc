#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "gatehouse/v1/audit.pb.h"
#include "gatehouse/v1/webhook.pb.h"
#include "google/rpc/error_details.pb.h"
#include "tests/integration/webhook/webhook_service_fixture.h"

namespace gatehouse::tests {
namespace {

using base::Uuid;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;

constexpr char kRequestId[] = "01890000-0000-7000-8000-000000000001";
constexpr char kSchema[] = R"({"required": ["order"], "properties": {"order": {
    "required": ["id"], "properties": {"id": {"type": "string"}}}}})";

google::protobuf::Struct Json(const std::string& json) {
  google::protobuf::Struct value;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &value);
  EXPECT_TRUE(status.ok()) << json;
  return value;
}

class EventTypesTest : public WebhookServiceFixture {
 protected:
  static v1::CreateEventTypeRequest NewType(const std::string& name = "order.paid",
                                            const std::string& schema = kSchema) {
    v1::CreateEventTypeRequest request;
    request.mutable_event_type()->set_name(name);
    if (!schema.empty()) *request.mutable_event_type()->mutable_schema() = Json(schema);
    return request;
  }
  UnaryOutcome<v1::CreateEventTypeResponse> Create(const v1::CreateEventTypeRequest& request) {
    return Call<v1::CreateEventTypeResponse>(admin(), request);
  }
  v1::EventType MustCreate(const v1::CreateEventTypeRequest& request) {
    const auto outcome = Create(request);
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    return outcome.response.event_type();
  }
  UnaryOutcome<v1::GetEventTypeResponse> Get(const std::string& name) {
    v1::GetEventTypeRequest request;
    request.set_name(name);
    return Call<v1::GetEventTypeResponse>(admin(), request);
  }
  static v1::UpdateEventTypeRequest NewUpdate(const std::string& path) {
    v1::UpdateEventTypeRequest request;
    request.set_name("order.paid");
    request.mutable_event_type();
    request.mutable_update_mask()->add_paths(path);
    return request;
  }
  UnaryOutcome<v1::UpdateEventTypeResponse> Update(const v1::UpdateEventTypeRequest& request) {
    return Call<v1::UpdateEventTypeResponse>(admin(), request);
  }
  UnaryOutcome<v1::DeleteEventTypeResponse> Delete(const std::string& name,
                                                   const std::string& etag = "") {
    v1::DeleteEventTypeRequest request;
    request.set_name(name);
    request.set_etag(etag);
    return Call<v1::DeleteEventTypeResponse>(admin(), request);
  }
  UnaryOutcome<v1::PublishEventResponse> Publish(const std::string& data,
                                                 const std::string& type = "order.paid",
                                                 const std::string& request_id = "") {
    v1::PublishEventRequest request;
    request.set_type(type);
    *request.mutable_data() = Json(data);
    request.set_request_id(request_id);
    return Call<v1::PublishEventResponse>(admin(), request);
  }
  std::string EventsOf(const std::string& type) {
    return Ask(
        "SELECT coalesce(string_agg((targets->0->>'id') || ' ' || details, ';'), '') FROM "
        "gatehouse.event WHERE type = '" +
        type + "'");
  }
};

TEST_F(EventTypesTest, ATypeIsDescribedAndReadAgain) {
  v1::CreateEventTypeRequest request = NewType();
  request.mutable_event_type()->set_description("An order was paid.");
  const v1::EventType created = MustCreate(request);
  EXPECT_EQ(created.name(), "order.paid");
  EXPECT_EQ(created.description(), "An order was paid.");
  EXPECT_FALSE(created.built_in());
  EXPECT_NE(created.etag(), "");
  const auto read = Get("order.paid");
  ASSERT_TRUE(read.ok()) << read.message;
  EXPECT_EQ(read.response.event_type().SerializeAsString().size(),
            created.SerializeAsString().size());
  EXPECT_EQ(read.response.event_type().schema().fields_size(), 2);
  EXPECT_EQ(EventsOf("event_type.created"), "order.paid {}");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event e JOIN gatehouse.event_type t "
                "ON e.xid = t.xmin::text::xid8 WHERE e.type = 'event_type.created'"),
            "1");
  EXPECT_EQ(Create(request).reason(), "ID_TAKEN");
}

TEST_F(EventTypesTest, RepeatingACreationAnswersTheSame) {
  v1::CreateEventTypeRequest request = NewType();
  request.set_request_id(kRequestId);
  const v1::EventType created = MustCreate(request);
  EXPECT_EQ(MustCreate(request).etag(), created.etag());
  EXPECT_EQ(EventsOf("event_type.created"), "order.paid {}");
}

TEST_F(EventTypesTest, NamesEveryFieldThatIsWrong) {
  v1::CreateEventTypeRequest request =
      NewType("user.paid", R"({"properties": {"a": {"type": 1}}})");
  request.mutable_event_type()->set_description(std::string(2001, 'd'));
  const auto outcome = Create(request);
  EXPECT_EQ(outcome.code, absl::StatusCode::kInvalidArgument);
  const auto bad = outcome.Detail<google::rpc::BadRequest>();
  ASSERT_TRUE(bad.has_value());
  std::vector<std::string> fields;
  for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
  EXPECT_THAT(fields, ElementsAre("event_type.name", "event_type.description",
                                  "event_type.schema.properties.a.type"));
  EXPECT_EQ(Create(NewType("event_type.paid")).reason(), "INVALID_FIELD");
  EXPECT_EQ(Create(NewType("order paid")).reason(), "INVALID_FIELD");
  EXPECT_EQ(
      Create(NewType("order.paid", R"({"title": ")" + std::string(33'000, 'x') + "\"}")).reason(),
      "TOO_LARGE");
  EXPECT_EQ(Create(NewType("order.paid", R"({"$ref": "http://127.0.0.1:1/"})")).reason(),
            "INVALID_FIELD");
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event_type"), "0");
}

TEST_F(EventTypesTest, ValidateOnlyChangesNothing) {
  v1::CreateEventTypeRequest create = NewType();
  create.set_validate_only(true);
  MustCreate(create);
  EXPECT_EQ(Get("order.paid").reason(), "EVENT_TYPE_NOT_FOUND");
  MustCreate(NewType());
  v1::UpdateEventTypeRequest update = NewUpdate("schema");
  update.set_validate_only(true);
  EXPECT_FALSE(Update(update).response.event_type().has_schema());
  v1::DeleteEventTypeRequest remove;
  remove.set_name("order.paid");
  remove.set_validate_only(true);
  EXPECT_TRUE(Call<v1::DeleteEventTypeResponse>(admin(), remove).ok());
  EXPECT_TRUE(Get("order.paid").response.event_type().has_schema());
}

TEST_F(EventTypesTest, UpdatesWhatTheMaskNames) {
  const v1::EventType created = MustCreate(NewType());
  v1::UpdateEventTypeRequest request = NewUpdate("description");
  request.mutable_event_type()->set_description("Paid.");
  request.mutable_event_type()->set_etag(created.etag());
  const auto updated = Update(request);
  ASSERT_TRUE(updated.ok()) << updated.message;
  EXPECT_EQ(updated.response.event_type().description(), "Paid.");
  EXPECT_TRUE(updated.response.event_type().has_schema());
  EXPECT_NE(updated.response.event_type().etag(), created.etag());
  EXPECT_EQ(EventsOf("event_type.updated"), "order.paid {\"fields\": [\"description\"]}");
  EXPECT_EQ(Update(request).reason(), "ETAG_MISMATCH");
  request.mutable_event_type()->clear_etag();
  EXPECT_EQ(Update(request).response.event_type().etag(), updated.response.event_type().etag());
  EXPECT_EQ(Update(NewUpdate("name")).reason(), "UNKNOWN_FIELD");
  v1::UpdateEventTypeRequest wrong = NewUpdate("schema");
  *wrong.mutable_event_type()->mutable_schema() = Json(R"({"type": "text"})");
  EXPECT_EQ(Update(wrong).reason(), "INVALID_FIELD");
  EXPECT_EQ(EventsOf("event_type.updated"), "order.paid {\"fields\": [\"description\"]}");
}

TEST_F(EventTypesTest, DeletingATypeLeavesItsEvents) {
  const v1::EventType created = MustCreate(NewType());
  const auto published = Publish(R"({"order": {"id": "a"}})");
  ASSERT_TRUE(published.ok()) << published.message;
  EXPECT_EQ(Delete("order.paid", "\"99\"").reason(), "ETAG_MISMATCH");
  ASSERT_TRUE(Delete("order.paid", created.etag()).ok());
  EXPECT_EQ(EventsOf("event_type.deleted"), "order.paid {}");
  EXPECT_EQ(Get("order.paid").reason(), "EVENT_TYPE_NOT_FOUND");
  EXPECT_EQ(Delete("order.paid").reason(), "EVENT_TYPE_NOT_FOUND");
  v1::GetEventRequest get;
  get.set_event_id(published.response.event_id());
  EXPECT_EQ(Call<v1::GetEventResponse>(admin(), get).response.event().type(), "order.paid");
  EXPECT_TRUE(Publish("{}").ok());
}

TEST_F(EventTypesTest, TheServersOwnTypesAreListedAndNotChanged) {
  const v1::EventType own = Get("user.created").response.event_type();
  EXPECT_TRUE(own.built_in());
  EXPECT_EQ(own.description(),
            "A user was created; `imported` says so of one who came by ImportUsers. Actor: the "
            "caller. Target: the user.");
  EXPECT_EQ(own.etag(), "");
  v1::UpdateEventTypeRequest update = NewUpdate("description");
  update.set_name("user.created");
  EXPECT_EQ(Update(update).reason(), "INVALID_FIELD");
  EXPECT_EQ(Delete("user.created").reason(), "INVALID_FIELD");
  EXPECT_EQ(Get("no type").reason(), "INVALID_FIELD");
}

TEST_F(EventTypesTest, ListsAllByNamePageByPage) {
  for (const char* name : {"zebra.seen", "A.first", "order.paid", "session2.x"}) {
    MustCreate(NewType(name, ""));
  }
  const auto list = [&](int32_t page_size) {
    std::vector<std::string> names;
    v1::ListEventTypesRequest request;
    request.set_page_size(page_size);
    do {
      const auto page = Call<v1::ListEventTypesResponse>(admin(), request);
      EXPECT_TRUE(page.ok()) << page.message;
      EXPECT_LE(page.response.event_types_size(), page_size);
      for (const v1::EventType& type : page.response.event_types()) names.push_back(type.name());
      request.set_page_token(page.response.next_page_token());
    } while (!request.page_token().empty());
    return names;
  };
  const std::vector<std::string> all = list(1000);
  EXPECT_TRUE(std::ranges::is_sorted(all));
  EXPECT_THAT(all, IsSupersetOf({"A.first", "endpoint.created", "order.paid", "session2.x",
                                 "user.created", "zebra.seen"}));
  EXPECT_EQ(list(3), all);
  EXPECT_EQ(list(1), all);
  v1::ListEventTypesRequest request;
  request.set_page_token("made up");
  EXPECT_EQ(Call<v1::ListEventTypesResponse>(admin(), request).reason(), "INVALID_PAGE_TOKEN");
}

TEST_F(EventTypesTest, PagesEndWhereSchemasAreLarge) {
  const std::string large = R"({"description": ")" + std::string(32'000, 'x') + "\"}";
  for (int i = 0; i < 120; ++i) MustCreate(NewType("zz.n" + std::to_string(1000 + i), large));
  v1::ListEventTypesRequest request;
  request.set_page_size(1000);
  int count = 0;
  int pages = 0;
  do {
    const auto page = Call<v1::ListEventTypesResponse>(admin(), request);
    ASSERT_TRUE(page.ok()) << page.message;
    for (const v1::EventType& type : page.response.event_types()) count += !type.built_in();
    ++pages;
    request.set_page_token(page.response.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(count, 120);
  EXPECT_GT(pages, 1);
}

TEST_F(EventTypesTest, ATenantHasABoundedNumber) {
  Ask("INSERT INTO gatehouse.event_type SELECT '" + base::kDefaultTenantId.ToString() +
      "', 't.' || i, '', NULL, now(), now(), 1 FROM generate_series(1, 1000) AS i RETURNING 1");
  const auto outcome = Create(NewType());
  EXPECT_EQ(outcome.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(outcome.reason(), "LIMIT_REACHED");
  EXPECT_EQ(EventsOf("event_type.created"), "");
}

TEST_F(EventTypesTest, AnotherTenantsCatalogueIsNotThere) {
  MustCreate(NewType());
  const Caller foreign = backend().MakeApiKey(
      {"endpoints.read", "endpoints.write", "events.publish"}, Uuid::MakeV7(clock().Now()));
  v1::GetEventTypeRequest get;
  get.set_name("order.paid");
  EXPECT_EQ(Call<v1::GetEventTypeResponse>(foreign, get).reason(), "EVENT_TYPE_NOT_FOUND");
  EXPECT_EQ(Call<v1::UpdateEventTypeResponse>(foreign, NewUpdate("schema")).reason(),
            "EVENT_TYPE_NOT_FOUND");
  v1::DeleteEventTypeRequest remove;
  remove.set_name("order.paid");
  EXPECT_EQ(Call<v1::DeleteEventTypeResponse>(foreign, remove).reason(), "EVENT_TYPE_NOT_FOUND");
  v1::ListEventTypesRequest list;
  list.set_page_size(1000);
  const auto listed = Call<v1::ListEventTypesResponse>(foreign, list);
  for (const v1::EventType& type : listed.response.event_types()) {
    EXPECT_TRUE(type.built_in()) << type.name();
  }
  v1::PublishEventRequest publish;
  publish.set_type("order.paid");
  EXPECT_TRUE(Call<v1::PublishEventResponse>(foreign, publish).ok());
  // Of the same name.
  EXPECT_TRUE(Call<v1::CreateEventTypeResponse>(foreign, NewType()).ok());
}

TEST_F(EventTypesTest, NeedsThePermissionsOfEndpoints) {
  const Caller reader = backend().MakeApiKey({"endpoints.read"});
  EXPECT_EQ(Call<v1::CreateEventTypeResponse>(reader, NewType()).code,
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Call<v1::UpdateEventTypeResponse>(reader, NewUpdate("schema")).code,
            absl::StatusCode::kPermissionDenied);
  v1::DeleteEventTypeRequest remove;
  remove.set_name("order.paid");
  EXPECT_EQ(Call<v1::DeleteEventTypeResponse>(reader, remove).code,
            absl::StatusCode::kPermissionDenied);
  const Caller publisher = backend().MakeApiKey({"events.publish"});
  EXPECT_EQ(Call<v1::ListEventTypesResponse>(publisher, v1::ListEventTypesRequest()).code,
            absl::StatusCode::kPermissionDenied);
}

TEST_F(EventTypesTest, DataThatDoNotFitAreRefusedWithTheirPath) {
  EXPECT_TRUE(Publish("{}").ok()) << "before there is a schema";
  MustCreate(NewType());
  const auto refused = Publish(R"({"order": {"id": 7, "secret": "s"}})");
  EXPECT_EQ(refused.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(refused.reason(), "EVENT_DATA_INVALID");
  const auto bad = refused.Detail<google::rpc::BadRequest>();
  ASSERT_TRUE(bad.has_value());
  ASSERT_EQ(bad->field_violations_size(), 1);
  EXPECT_EQ(bad->field_violations(0).field(), "data.order.id");
  EXPECT_EQ(bad->field_violations(0).description(), "must be a string");
  EXPECT_THAT(Publish("{}").message, HasSubstr("data.order: is required"));
  EXPECT_TRUE(Publish(R"({"order": {"id": "a"}})").ok());
  EXPECT_TRUE(Publish("{}", "order.sent").ok()) << "another type";
  EXPECT_EQ(Ask("SELECT count(*) FROM gatehouse.event WHERE type = 'order.paid'"), "2");
}

TEST_F(EventTypesTest, AChangeOfTheSchemaCountsAtOnceHere) {
  MustCreate(NewType());
  EXPECT_EQ(Publish("{}").reason(), "EVENT_DATA_INVALID");
  ASSERT_TRUE(Update(NewUpdate("schema")).ok());
  EXPECT_TRUE(Publish("{}").ok());
  v1::UpdateEventTypeRequest update = NewUpdate("schema");
  *update.mutable_event_type()->mutable_schema() = Json(R"({"maxProperties": 0})");
  ASSERT_TRUE(Update(update).ok());
  EXPECT_EQ(Publish(R"({"a": 1})").reason(), "EVENT_DATA_INVALID");
  ASSERT_TRUE(Delete("order.paid").ok());
  EXPECT_TRUE(Publish(R"({"a": 1})").ok());
  MustCreate(NewType());
  EXPECT_EQ(Publish("{}").reason(), "EVENT_DATA_INVALID");
}

TEST_F(EventTypesTest, ARepetitionIsAnsweredWhateverTheSchemaHasBecome) {
  const auto first = Publish("{}", "order.paid", kRequestId);
  ASSERT_TRUE(first.ok()) << first.message;
  MustCreate(NewType());
  const auto again = Publish("{}", "order.paid", kRequestId);
  ASSERT_TRUE(again.ok()) << again.message;
  EXPECT_EQ(again.response.event_id(), first.response.event_id());
}

TEST_F(EventTypesTest, ASchemaCostsNoStatementOnceItIsKnown) {
  MustCreate(NewType());
  const auto cost = [&](const std::string& type) {
    const uint64_t before = backend().statements();
    EXPECT_TRUE(Publish(R"({"order": {"id": "a"}})", type).ok());
    return backend().statements() - before;
  };
  EXPECT_EQ(cost("order.paid"), 2u);
  EXPECT_EQ(cost("order.paid"), 1u);
  // Of the whole catalogue it is known which types have one.
  EXPECT_EQ(cost("order.sent"), 1u);
}

TEST_F(EventTypesTest, RecordedEventsAreNotJudged) {
  MustCreate(NewType());
  v1::RecordEventRequest request;
  request.mutable_event()->set_type("order.paid");
  EXPECT_TRUE(Call<v1::RecordEventResponse>(admin(), request).ok());
}

TEST_F(EventTypesTest, APreviewIsRefusedLikeTheEvent) {
  MustCreate(NewType());
  v1::PreviewEventRequest request;
  request.set_type("order.paid");
  EXPECT_EQ(Call<v1::PreviewEventResponse>(admin(), request).reason(), "EVENT_DATA_INVALID");
  *request.mutable_data() = Json(R"({"order": {"id": "a"}})");
  EXPECT_TRUE(Call<v1::PreviewEventResponse>(admin(), request).ok());
}

// Nobody's call is held up by it: the work is bounded, and what is more is refused.
TEST_F(EventTypesTest, AHostileSchemaIsBounded) {
  MustCreate(NewType("order.paid", R"({"allOf": [{"$ref": "#"}, {"$ref": "#"}]})"));
  const auto outcome = Publish("{}");
  EXPECT_EQ(outcome.reason(), "EVENT_DATA_INVALID");
  EXPECT_THAT(outcome.message, HasSubstr("more work"));
}

}  // namespace
}  // namespace gatehouse::tests
