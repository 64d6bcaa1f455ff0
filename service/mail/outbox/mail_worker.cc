#include "service/mail/outbox/mail_worker.h"

#include <algorithm>
#include <utility>

#include "base/async/one_shot.h"
#include "base/log_line.h"
#include "base/reason.h"
#include "base/status.h"
#include "base/system_context.h"
#include "service/common/json.h"
#include "service/mail/message/mime_message.h"
#include "storage/event.h"
#include "storage/event_types.h"

namespace gatehouse::service::mail {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using storage::TakenMail;

constexpr char kName[] = "mails";
constexpr std::chrono::milliseconds kPause(1'000);
// Many a batch of a slow server.
constexpr std::chrono::milliseconds kTurnTimeout(600'000);
// What became of a mail is written even if the turn was cancelled.
constexpr seconds kWriteTimeout(5);
constexpr seconds kAnswerTimeout(15);
// While the server makes trouble.
constexpr seconds kFirstTroublePause(2);
constexpr seconds kLongestTroublePause(60);
constexpr int kMaxDoublings = 5;
// So that a turn ends.
constexpr int kBatchesPerTurn = 200;

constexpr base::Duration kRetryPauses[] = {seconds(15), minutes(1),  minutes(3), minutes(10),
                                           minutes(20), minutes(40), minutes(60)};

std::vector<storage::EventTarget> TargetsOf(const TakenMail& mail) {
  std::vector<storage::EventTarget> targets = {
      {.type = "mail", .id = mail.id.ToString(), .label = ""}};
  if (!mail.user_id.is_nil()) {
    targets.push_back({.type = "user", .id = mail.user_id.ToString(), .label = ""});
  }
  return targets;
}

}  // namespace

// The mails that are handled at a time.
struct MailWorker::Batch {
  size_t left = 0;
  // The server had something to say about them.
  int judged = 0;
  int troubles = 0;
  absl::Status problem;
  base::OneShot<bool> done;
};

base::Duration RetryPause(int32_t attempt) {
  const size_t last = std::size(kRetryPauses) - 1;
  return kRetryPauses[std::min(last, static_cast<size_t>(std::max(attempt - 1, 0)))];
}

MailWorker::MailWorker(base::Loop& loop, Deps deps, std::optional<MailDelivery> delivery)
    : loop_(loop),
      deps_(deps),
      delivery_(std::move(delivery)),
      turns_(loop, {.name = kName, .pause = kPause, .turn_timeout = kTurnTimeout},
             [this](base::CallContext ctx) { return RunOnce(std::move(ctx)); }),
      sends_(loop, [](const std::string& what) {
        base::LogLine(base::LogLevel::kError, "the sending of a mail threw", {{"error", what}});
      }) {
  if (delivery_) {
    sender_ = std::make_unique<SmtpSender>(delivery_->server, delivery_->connections);
  }
}

MailWorker::~MailWorker() { Stop(std::chrono::milliseconds(0)); }

void MailWorker::Start() {
  if (delivery_) turns_.Start();
}

void MailWorker::Stop(std::chrono::milliseconds grace) { turns_.Stop(grace); }

MailWorker::Stats MailWorker::stats() const {
  return {.sent = sent_,
          .delayed = delayed_,
          .given_up = given_up_,
          .requests_answered = answered_,
          .requests_dropped = dropped_,
          .paused = paused_};
}

base::Task<absl::Status> MailWorker::RunOnce(base::CallContext ctx) {
  if (!delivery_) co_return absl::OkStatus();
  absl::Status problem = co_await deps_.alerts.RunOnce(ctx);
  for (int i = 0; i < kBatchesPerTurn && !ctx.cancel().cancelled(); ++i) {
    if (!pause_.IsOver(deps_.clock.Now())) break;
    const absl::StatusOr<bool> more = co_await RunBatch(ctx);
    problem.Update(more.status());
    if (!more.ok() || !*more) break;
  }
  co_return problem;
}

base::Task<absl::StatusOr<bool>> MailWorker::RunBatch(base::CallContext ctx) {
  GH_CO_ASSIGN_OR_RETURN(
      std::vector<TakenMail> mails,
      co_await deps_.mails.TakeDue(ctx, {.now = deps_.clock.Now(),
                                         .lease = delivery_->server.timeout + kLeaseMargin,
                                         .limit = static_cast<int64_t>(delivery_->connections)}));
  if (mails.empty()) co_return false;
  const auto batch = std::make_shared<Batch>();
  batch->left = mails.size();
  for (TakenMail& mail : mails) sends_.Spawn(Handle(ctx, std::move(mail), batch));
  co_await batch->done;
  OnBatch(*batch);
  GH_CO_RETURN_IF_ERROR(batch->problem);
  co_return true;
}

void MailWorker::OnBatch(const Batch& batch) {
  if (batch.judged > 0 || batch.troubles == 0) {
    if (batch.judged > 0 && std::exchange(troubles_, 0) > 0) {
      base::LogLine(base::LogLevel::kInfo, "the mail server takes mails again");
    }
    paused_ = false;
    return;
  }
  const seconds pause = std::min(kLongestTroublePause,
                                 kFirstTroublePause * (1 << std::min(troubles_, kMaxDoublings)));
  ++troubles_;
  pause_ = base::Pause(deps_.clock.Now(), pause);
  paused_ = true;
}

base::Task<void> MailWorker::Handle(base::CallContext ctx, TakenMail mail,
                                    std::shared_ptr<Batch> batch) {
  const bool requested = mail.state == storage::MailState::kRequested;
  const absl::Status status = requested ? co_await Answer(ctx, std::move(mail))
                                        : co_await Send(ctx, std::move(mail), batch.get());
  batch->problem.Update(status);
  if (--batch->left == 0) batch->done.Set(true);
}

base::Task<absl::Status> MailWorker::Answer(base::CallContext ctx, TakenMail request) {
  const base::CallContext of_tenant =
      base::SystemContext(loop_, kName, kAnswerTimeout, ctx.cancel(), request.tenant_id);
  const absl::StatusOr<bool> answered = co_await deps_.answerer.Answer(of_tenant, request);
  if (answered.ok()) {
    ++(*answered ? answered_ : dropped_);
    co_return absl::OkStatus();
  }
  // The user was changed meanwhile, say. It is asked again in a while.
  co_return co_await TryLater(std::move(ctx), std::move(request),
                              {.error_class = "request", .smtp_code = 0});
}

base::Task<absl::Status> MailWorker::Send(base::CallContext ctx, TakenMail mail, Batch* batch) {
  const std::optional<MailContent> content = MailContent::FromJson(mail.content);
  // Sealed under another master key, which may come back.
  if (!content) co_return co_await TryLater(std::move(ctx), std::move(mail), {"unreadable", 0});
  if (mail.expire_time <= deps_.clock.Now()) {
    co_return co_await GiveUp(std::move(ctx), std::move(mail), {"expired", 0});
  }
  const std::optional<Mailbox> to = Mailbox::Parse(content->to);
  if (!to) co_return co_await GiveUp(std::move(ctx), std::move(mail), {"address", 0});
  const MimeMessage message{
      .from = delivery_->from,
      .from_name = delivery_->from_name,
      .to = *to,
      .id = mail.id,
      .date = mail.create_time,
      .content = delivery_->templates.Render(mail.kind, content->locale, content->values)};
  const SmtpResult result =
      co_await sender_->Send(ctx, {.from = delivery_->from.text(),
                                   .to = to->text(),
                                   .needs_utf8 = to->needs_utf8() || delivery_->from.needs_utf8(),
                                   .message = message.ToString()});
  if (!result.server_trouble) {
    ++batch->judged;
  } else if (++batch->troubles == 1 && troubles_ == 0) {
    base::LogLine(base::LogLevel::kWarning, "the mail server takes no mails",
                  {{"error", result.error_class}, {"smtp_code", std::to_string(result.code)}});
  }
  co_return co_await Finish(std::move(ctx), std::move(mail), result);
}

base::Task<absl::Status> MailWorker::Finish(base::CallContext ctx, TakenMail mail,
                                            SmtpResult result) {
  const storage::MailOutcome outcome{.error_class = result.error_class, .smtp_code = result.code};
  if (result.error_class == "stopped") {
    const base::CallContext write =
        base::SystemContext(loop_, kName, kWriteTimeout, {}, mail.tenant_id);
    co_return co_await deps_.mails.Delay(write, std::move(mail), outcome, deps_.clock.Now(),
                                         /*counts=*/false);
  }
  switch (result.kind) {
    case SmtpResult::Kind::kSent: {
      const base::CallContext write =
          base::SystemContext(loop_, kName, kWriteTimeout, {}, mail.tenant_id);
      ++sent_;
      const absl::Status written =
          co_await deps_.mails.Sent(write, std::move(mail), outcome, deps_.clock.Now());
      // Its lease was over: somebody else has sent it too.
      if (base::HasReason(written, base::Reason::kConflict)) co_return absl::OkStatus();
      co_return written;
    }
    case SmtpResult::Kind::kLater:
      co_return co_await TryLater(std::move(ctx), std::move(mail), outcome);
    case SmtpResult::Kind::kRefused:
      break;
  }
  co_return co_await GiveUp(std::move(ctx), std::move(mail), outcome);
}

base::Task<absl::Status> MailWorker::TryLater(base::CallContext ctx, TakenMail mail,
                                              storage::MailOutcome outcome) {
  const base::Time due = deps_.clock.Now() + RetryPause(mail.attempt_count);
  const bool request = mail.state == storage::MailState::kRequested;
  if (!request && (mail.attempt_count >= kMaxAttempts || due >= mail.expire_time)) {
    co_return co_await GiveUp(std::move(ctx), std::move(mail), std::move(outcome));
  }
  ++delayed_;
  const base::CallContext write =
      base::SystemContext(loop_, kName, kWriteTimeout, {}, mail.tenant_id);
  co_return co_await deps_.mails.Delay(write, std::move(mail), std::move(outcome), due,
                                       /*counts=*/true);
}

base::Task<absl::Status> MailWorker::GiveUp(base::CallContext ctx, TakenMail mail,
                                            storage::MailOutcome outcome) {
  const base::CallContext write =
      base::SystemContext(loop_, kName, kWriteTimeout, {}, mail.tenant_id);
  const base::Time now = deps_.clock.Now();
  storage::Event event = storage::MakeEvent(
      write, now, std::string(storage::event_types::kMailGivenUp), TargetsOf(mail),
      JsonObject()
          .Add("kind", storage::MailKindName(mail.kind))
          .Add("error", outcome.error_class)
          .AddNumber("smtp_code", outcome.smtp_code)
          .AddNumber("attempts", mail.attempt_count)
          .ToString());
  event.outcome = storage::Outcome::kFailure;
  const absl::Status written = co_await deps_.mails.GiveUp(
      write, std::move(mail), std::move(outcome), now, {.events = {std::move(event)}});
  if (base::HasReason(written, base::Reason::kConflict)) co_return absl::OkStatus();
  if (written.ok()) ++given_up_;
  co_return written;
}

}  // namespace gatehouse::service::mail
