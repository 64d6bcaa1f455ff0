#include "storage/event_log/event_log.h"

#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/text/encoding.h"
#include "base/time.h"
#include "base/uuid.h"
#include "storage/event.h"
#include "tests/integration/event_log/event_log_fixture.h"
#include "tests/support/status/status_matchers.h"

namespace gatehouse::tests {
namespace {

using storage::EventLog;
using storage::EventQuery;
using storage::LoggedEvent;

class EventLogTest : public EventLogFixture {
 protected:
  absl::StatusOr<EventLog::Page> List(EventQuery query) {
    query.tenant_id = base::kDefaultTenantId;
    return runner_.Run<absl::StatusOr<EventLog::Page>>(
        [&] { return storage_->log.List(runner_.Context(), query); });
  }

  // All pages, as "index index ...".
  std::string Indexes(EventQuery query) {
    std::string text;
    while (true) {
      const auto page = List(query);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) return text;
      for (const LoggedEvent& event : page->events) {
        text += (text.empty() ? "" : " ") + std::to_string(event.index);
      }
      if (!page->next_index) return text;
      (query.descending ? query.max_index : query.min_index) = *page->next_index;
    }
  }

  // 1 a.x by ada about d1; 2 a.y by bob; 3 b.x by ada; 4 a.x, failed, about d1
  // and d2; 5 a.x by bob about d2.
  void WriteFive() {
    std::vector<storage::Event> events;
    for (const char* type : {"a.x", "a.y", "b.x", "a.x", "a.x"}) events.push_back(MakeEvent(type));
    events[0].actor = {"user", "ada", ""};
    events[1].actor = {"user", "bob", ""};
    events[2].actor = {"user", "ada", ""};
    events[4].actor = {"user", "bob", ""};
    events[3].outcome = storage::Outcome::kFailure;
    events[0].targets = {{"doc", "d1", ""}};
    events[3].targets = {{"doc", "d1", ""}, {"doc", "d2", ""}, {"copy", "d2", ""}};
    events[4].targets = {{"doc", "d2", ""}};
    for (int i = 0; i < 5; ++i) {
      events[i].occurred_time = base::TimeFromMicros(1'000'000 * (i + 1));
      ASSERT_THAT(Append(events[i]), IsOk());
    }
    ASSERT_EQ(PassAll(), 5);
  }
};

TEST_F(EventLogTest, ListsEveryFilterInEitherDirection) {
  WriteFive();
  const auto both = [&](EventQuery query, const std::string& descending,
                        const std::string& ascending) {
    for (const int limit : {1, 2, 50}) {
      query.limit = limit;
      query.descending = true;
      EXPECT_EQ(Indexes(query), descending) << limit;
      query.descending = false;
      EXPECT_EQ(Indexes(query), ascending) << limit;
    }
  };
  both({}, "5 4 3 2 1", "1 2 3 4 5");
  both({.type = "a.x"}, "5 4 1", "1 4 5");
  both({.type = "a.", .type_is_prefix = true}, "5 4 2 1", "1 2 4 5");
  both({.actor_id = "ada"}, "3 1", "1 3");
  both({.type = "a.x", .actor_id = "ada"}, "1", "1");
  both({.target_id = "d2"}, "5 4", "4 5");
  both({.type = "a.x", .actor_id = "bob", .target_id = "d2"}, "5", "5");
  both({.outcome = storage::Outcome::kFailure}, "4", "4");
  both({.min_index = 2, .max_index = 4}, "4 3 2", "2 3 4");
  both({.min_occurred_time = base::TimeFromMicros(2'000'000),
        .max_occurred_time = base::TimeFromMicros(3'000'000)},
       "3 2", "2 3");
  both({.actor_id = "nobody"}, "", "");
}

TEST_F(EventLogTest, SparseFilterGoesOnOverShortPages) {
  Writer writer(dsn_);
  writer.Insert("rare");
  writer.Execute(
      "INSERT INTO gatehouse.event SELECT tenant_id, gen_random_uuid(), pg_current_xact_id(), "
      "'often', outcome, "
      "actor_type, actor_id, actor_label, targets, ip_address, user_agent, request_id, trace_id, "
      "session_id, details, "
      "occurred_time, recorded_time, leaf_secret, leaf_hash FROM gatehouse.event, "
      "generate_series(1, 12000)");
  PassAll(20'000);
  const auto page = List({.type = "ra", .type_is_prefix = true});
  ASSERT_THAT(page, IsOk());
  EXPECT_TRUE(page->events.empty());
  EXPECT_TRUE(page->next_index.has_value());
  EXPECT_EQ(Indexes({.type = "ra", .type_is_prefix = true}), "1");
  EXPECT_EQ(ReadAll({"ra*"}).size(), 1u);
}

// A call holds a few MiB at a time, however many large events it may return, whether
// they are small on disk or not.
TEST_F(EventLogTest, LargeEventsComeInShortPages) {
  constexpr size_t kDetailBytes = 60'000;
  constexpr size_t kMostBytes = (size_t{3} << 20) + kDetailBytes + 100;
  for (int i = 0; i < 120; ++i) {
    storage::Event event = MakeEvent("large.event");
    const std::string text = i % 40 < 20 ? std::string(kDetailBytes, 'x')
                                         : base::HexEncode(base::RandomBytes(kDetailBytes / 2));
    event.details_json = "{\"text\": \"" + text + "\"}";
    ASSERT_THAT(Append(std::move(event)), IsOk());
  }
  ASSERT_EQ(PassAll(), 120);
  const auto bytes_of = [](const std::vector<LoggedEvent>& events) {
    size_t bytes = 0;
    for (const LoggedEvent& event : events) bytes += event.event.details_json.size();
    return bytes;
  };

  for (const bool descending : {true, false}) {
    EventQuery query{.descending = descending, .limit = 1000};
    int64_t listed = 0;
    for (bool more = true; more;) {
      const auto page = List(query);
      ASSERT_THAT(page, IsOk());
      EXPECT_LE(bytes_of(page->events), kMostBytes);
      for (const LoggedEvent& event : page->events) {
        ++listed;
        EXPECT_EQ(event.index, descending ? 121 - listed : listed);
      }
      more = page->next_index.has_value();
      // Full, if not the last.
      if (more) EXPECT_GE(page->events.size(), 50u);
      if (more) (descending ? query.max_index : query.min_index) = *page->next_index;
    }
    EXPECT_EQ(listed, 120);
  }
  int64_t next = 1;
  while (next <= 120) {
    const auto range = runner_.Run<absl::StatusOr<EventLog::Range>>([&] {
      return storage_->log.ReadRange(runner_.Context(), base::kDefaultTenantId, next, 1000);
    });
    ASSERT_THAT(range, IsOk());
    EXPECT_LE(bytes_of(range->events), kMostBytes);
    for (const LoggedEvent& event : range->events) EXPECT_EQ(event.index, next++);
    EXPECT_EQ(range->last_index, next - 1);
  }
}

TEST_F(EventLogTest, ReadingFromAnyIndexGivesTheRestOfTheList) {
  Writer writer(dsn_);
  for (int i = 0; i < 10; ++i) writer.Insert("t" + std::to_string(i % 3), 2);
  PassAll(3);
  const std::vector<LoggedEvent> all = ReadAll();
  ASSERT_EQ(all.size(), 20u);
  for (int64_t from = 1; from <= 21; ++from) {
    const auto range = runner_.Run<absl::StatusOr<EventLog::Range>>([&] {
      return storage_->log.ReadRange(runner_.Context(), base::kDefaultTenantId, from, 100);
    });
    const auto entries = runner_.Run<absl::StatusOr<EventLog::EntryRange>>([&] {
      return storage_->log.ReadEntries(runner_.Context(), base::kDefaultTenantId, from, 100);
    });
    ASSERT_THAT(range, IsOk());
    ASSERT_THAT(entries, IsOk());
    EXPECT_EQ(range->last_index, 20);
    EXPECT_EQ(range->head_index, 20);
    ASSERT_EQ(range->events.size(), static_cast<size_t>(21 - from));
    ASSERT_EQ(entries->events.size(), range->events.size());
    for (size_t i = 0; i < range->events.size(); ++i) {
      const LoggedEvent& expected = all[from - 1 + i];
      EXPECT_EQ(range->events[i].index, expected.index);
      EXPECT_EQ(range->events[i].event.id, expected.event.id);
      EXPECT_EQ(entries->events[i].index, expected.index);
      EXPECT_EQ(entries->events[i].event_id, expected.event.id);
      EXPECT_EQ(entries->events[i].type, expected.event.type);
    }
  }
}

TEST_F(EventLogTest, TypesSelectWithoutLosingTheirPlace) {
  Writer writer(dsn_);
  for (const char* type : {"a.x", "b.x", "a.y", "c", "b.y"}) writer.Insert(type);
  PassAll();
  const auto types = [&](std::vector<std::string> wanted) {
    std::string text;
    for (const LoggedEvent& event : ReadAll(std::move(wanted))) text += event.event.type + " ";
    return text;
  };
  EXPECT_EQ(types({"a.*", "c"}), "a.x a.y c ");
  EXPECT_EQ(types({"b.y"}), "b.y ");
  EXPECT_EQ(types({"a"}), "");
  EXPECT_EQ(types({"*"}), "a.x b.x a.y c b.y ");
}

TEST_F(EventLogTest, EventIsFoundBeforeItHasAnIndex) {
  const storage::Event event = MakeEvent("a.b");
  ASSERT_THAT(Append(event), IsOk());
  const auto get = [&](const base::Uuid& tenant) {
    return runner_.Run<absl::StatusOr<std::optional<LoggedEvent>>>(
        [&] { return storage_->log.Get(runner_.Context(), tenant, event.id); });
  };
  ASSERT_THAT(get(event.tenant_id), IsOk());
  ASSERT_TRUE(get(event.tenant_id)->has_value());
  EXPECT_EQ((*get(event.tenant_id))->index, 0);
  PassAll();
  EXPECT_EQ((*get(event.tenant_id))->index, 1);
  EXPECT_FALSE(get(base::Uuid::MakeV7(clock_.Now()))->has_value());
}

TEST_F(EventLogTest, HeadsNameEveryTenant) {
  const base::Uuid other = base::Uuid::MakeV7(clock_.Now());
  Writer writer(dsn_);
  writer.Insert("a", 2);
  writer.Insert("a", 3, other);
  PassAll();
  const auto heads = runner_.Run<absl::StatusOr<std::vector<EventLog::Head>>>(
      [&] { return storage_->log.Heads(runner_.Context()); });
  ASSERT_THAT(heads, IsOk());
  ASSERT_EQ(heads->size(), 2u);
  EXPECT_EQ((*heads)[0].tenant_id, base::kDefaultTenantId);
  EXPECT_EQ((*heads)[0].index, 2);
  EXPECT_EQ((*heads)[1].index, 3);
}

class LogProgressTest : public EventLogFixture {
 protected:
  EventLog::Progress Since(const std::string& snapshot) {
    const auto progress = runner_.Run<absl::StatusOr<EventLog::Progress>>(
        [&] { return storage_->log.ProgressSince(runner_.Context(), snapshot); });
    EXPECT_THAT(progress, IsOk());
    return progress.value_or(EventLog::Progress());
  }
};

TEST_F(LogProgressTest, IsCompleteOnceWhatWasCommittedHasItsPlace) {
  EXPECT_TRUE(Since("").heads.empty());
  Writer(dsn_).Insert("a", 2);
  const EventLog::Progress before = Since("");
  EXPECT_FALSE(before.complete) << "nobody said since when";
  EXPECT_TRUE(before.heads.empty());
  EXPECT_FALSE(Since(before.snapshot).complete);
  PassAll();
  const EventLog::Progress after = Since(before.snapshot);
  EXPECT_TRUE(after.complete);
  ASSERT_EQ(after.heads.size(), 1u);
  EXPECT_EQ(after.heads[0].index, 2);
  // What was committed since then is no part of the question.
  Writer(dsn_).Insert("b");
  EXPECT_TRUE(Since(before.snapshot).complete);
  EXPECT_TRUE(Since(after.snapshot).complete);
  EXPECT_FALSE(Since(Since("").snapshot).complete);
}

TEST_F(LogProgressTest, WaitsForWhatCommittedLateAndForNoOpenTransaction) {
  Writer late(dsn_), other(dsn_);
  late.Begin();
  late.Insert("late");
  other.Insert("a");
  PassAll();
  const std::string open = Since("").snapshot;
  EXPECT_TRUE(Since(open).complete);
  late.Commit();
  EXPECT_TRUE(Since(open).complete) << "it was not committed then";
  const std::string committed = Since("").snapshot;
  EXPECT_FALSE(Since(committed).complete);
  // Passes end inside what there is to do; the late one is found by each.
  other.Insert("b", 3);
  PassAll(1);
  EXPECT_TRUE(Since(committed).complete);
  ExpectDense();
}

TEST_F(LogProgressTest, IsNotCompleteWhileTheSequencerIsHalted) {
  Writer(dsn_).Insert("a");
  PassAll();
  const std::string snapshot = Since("").snapshot;
  ASSERT_TRUE(Since(snapshot).complete);
  Writer admin(dsn_);
  // As after a restore into another cluster, before and after the sequencer has noticed.
  admin.Execute("UPDATE gatehouse.sequencer SET snapshot = '9000000000:9000000000:'");
  EXPECT_FALSE(Since(snapshot).complete);
  admin.Execute("UPDATE gatehouse.sequencer SET halted = true, snapshot = pg_current_snapshot()");
  EXPECT_FALSE(Since(snapshot).complete);
}

}  // namespace
}  // namespace gatehouse::tests
