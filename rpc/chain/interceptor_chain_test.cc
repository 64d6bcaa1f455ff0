#include "rpc/chain/interceptor_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/async/loop.h"
#include "base/async/task_group.h"
#include "rpc/chain/chain_builder.h"
#include "rpc/chain/fake_server_call.h"

namespace gatehouse::rpc {
namespace {

using ::testing::ElementsAre;

using Trace = std::vector<std::string>;

struct Behaviour {
  absl::Status refuse = {};
  bool wait = false;
  bool throws = false;
  bool recovers = false;
  bool notes_errors = false;
};

// Notes its hooks, and refuses, waits or throws as told.
class Link : public Interceptor {
 public:
  Link(std::string name, Trace& trace, Behaviour behaviour = {})
      : name_(std::move(name)), trace_(trace), behaviour_(std::move(behaviour)) {}

  std::string_view name() const override { return name_; }

  Decision Before(ServerCall& call) override {
    trace_.push_back("+" + name_);
    if (behaviour_.throws) throw std::runtime_error("thrown by a link");
    if (behaviour_.wait) return Later(behaviour_.refuse);
    return behaviour_.refuse;
  }
  std::optional<base::Task<void>> OnError(ServerCall& call, const absl::Status& status) override {
    if (!behaviour_.notes_errors) return std::nullopt;
    return Note(&trace_, "!" + name_ + ":" + absl::StatusCodeToString(status.code()));
  }
  void After(ServerCall& call, absl::Status& status) override {
    trace_.push_back("-" + name_ + ":" + absl::StatusCodeToString(status.code()));
  }
  std::optional<absl::Status> Recover(ServerCall& call, std::exception_ptr exception) override {
    if (!behaviour_.recovers) return std::nullopt;
    return absl::AbortedError("recovered");
  }

 private:
  static base::Task<absl::Status> Later(absl::Status status) { co_return status; }
  static base::Task<void> Note(Trace* trace, std::string text) {
    trace->push_back(std::move(text));
    co_return;
  }

  std::string name_;
  Trace& trace_;
  Behaviour behaviour_;
};

class Body : public CallBody {
 public:
  explicit Body(Trace& trace) : trace_(trace) {}

  base::Task<absl::Status> RunHandler() override {
    trace_.push_back("handler");
    if (throws) throw std::runtime_error("thrown by the handler");
    co_return result;
  }
  absl::Status ResolveOutcome(absl::Status status) const override {
    return cancelled ? absl::DeadlineExceededError("cancelled") : status;
  }

  absl::Status result;
  bool throws = false;
  bool cancelled = false;

 private:
  Trace& trace_;
};

class InterceptorChainTest : public ::testing::Test {
 protected:
  InterceptorChainTest() { loop_.Start(); }
  ~InterceptorChainTest() override {
    tasks_.StopAndJoin();
    loop_.Stop();
  }

  void Add(std::string name, Behaviour behaviour = {}) {
    links_.push_back(std::make_unique<Link>(std::move(name), trace_, std::move(behaviour)));
  }

  static base::Task<void> Run(const InterceptorChain& chain, ServerCall& call, CallBody& body,
                              std::promise<absl::Status>& result) {
    absl::Status status = co_await chain.Run(call, body);
    result.set_value(std::move(status));
  }

  absl::StatusCode Run() {
    const InterceptorChain chain(std::move(links_));
    std::promise<absl::Status> result;
    loop_.Post([&] { tasks_.Spawn(Run(chain, call_, body_, result)); });
    return result.get_future().get().code();
  }

  base::Loop loop_{"test"};
  Trace trace_;
  Body body_{trace_};
  FakeServerCall call_{loop_};
  std::vector<std::unique_ptr<Interceptor>> links_;
  base::TaskGroup tasks_{loop_, [](const std::string& what) { ADD_FAILURE() << what; }};
};

TEST_F(InterceptorChainTest, GoesInInOrderAndOutInReverse) {
  Add("a");
  Add("b", {.wait = true});
  EXPECT_EQ(Run(), absl::StatusCode::kOk);
  EXPECT_THAT(trace_, ElementsAre("+a", "+b", "handler", "-b:OK", "-a:OK"));
}

TEST_F(InterceptorChainTest, RefusalKeepsTheRestFromRunning) {
  for (const bool wait : {false, true}) {
    trace_.clear();
    Add("a");
    Add("b", {.refuse = absl::UnauthenticatedError("no"), .wait = wait});
    Add("c");
    EXPECT_EQ(Run(), absl::StatusCode::kUnauthenticated);
    EXPECT_THAT(trace_, ElementsAre("+a", "+b", "-a:UNAUTHENTICATED"));
  }
}

TEST_F(InterceptorChainTest, ErrorsAreNotedAsTheyWereReturnedBeforeTheWayOut) {
  Add("a", {.notes_errors = true});
  Add("b", {.notes_errors = true});
  body_.result = absl::PermissionDeniedError("no");
  body_.cancelled = true;
  EXPECT_EQ(Run(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(trace_,
              ElementsAre("+a", "+b", "handler", "!b:PERMISSION_DENIED", "!a:PERMISSION_DENIED",
                          "-b:DEADLINE_EXCEEDED", "-a:DEADLINE_EXCEEDED"));
}

TEST_F(InterceptorChainTest, ALinkDoesNotNoteItsOwnRefusalNorSuccess) {
  Add("a", {.notes_errors = true});
  Add("b", {.refuse = absl::UnauthenticatedError("no"), .notes_errors = true});
  Run();
  EXPECT_THAT(trace_, ElementsAre("+a", "+b", "!a:UNAUTHENTICATED", "-a:UNAUTHENTICATED"));
  trace_.clear();
  Add("a", {.notes_errors = true});
  Run();
  EXPECT_THAT(trace_, ElementsAre("+a", "handler", "-a:OK"));
}

TEST_F(InterceptorChainTest, ExceptionIsRecoveredByTheInnermostThatCan) {
  Add("outer", {.recovers = true});
  Add("recover", {.recovers = true});
  Add("inner");
  body_.throws = true;
  EXPECT_EQ(Run(), absl::StatusCode::kAborted);
  EXPECT_THAT(trace_, ElementsAre("+outer", "+recover", "+inner", "handler", "-inner:INTERNAL",
                                  "-recover:ABORTED", "-outer:ABORTED"));
}

TEST_F(InterceptorChainTest, ExceptionOfALinkIsRecovered) {
  Add("recover", {.recovers = true});
  Add("bad", {.throws = true});
  EXPECT_EQ(Run(), absl::StatusCode::kAborted);
  EXPECT_THAT(trace_, ElementsAre("+recover", "+bad", "-recover:ABORTED"));
}

TEST_F(InterceptorChainTest, ExceptionThatNobodyRecoversIsInternal) {
  Add("a");
  body_.throws = true;
  EXPECT_EQ(Run(), absl::StatusCode::kInternal);
}

TEST_F(InterceptorChainTest, LinksSeeTheOutcomeOfACancellation) {
  Add("a");
  body_.cancelled = true;
  EXPECT_EQ(Run(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(trace_, ElementsAre("+a", "handler", "-a:DEADLINE_EXCEEDED"));
}

TEST(BuildChainTest, HasTheLinksInTheirOrder) {
  Trace trace;
  base::SystemClock clock;
  prometheus::Registry metrics;
  const InterceptorChain chain = BuildChain({
      .clock = clock,
      .metrics = metrics,
      .authenticate = std::make_unique<Link>("authenticate", trace),
      .authorise = std::make_unique<Link>("authorise", trace),
      .rate_limit = std::make_unique<Link>("rate_limit", trace),
  });
  EXPECT_THAT(chain.names(), ElementsAre("request_id", "metrics", "access_log", "recover",
                                         "deadline", "admission", "authenticate", "authorise",
                                         "rate_limit", "stream_cap", "parse", "validate"));
}

}  // namespace
}  // namespace gatehouse::rpc
