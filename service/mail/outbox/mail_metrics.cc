#include "service/mail/outbox/mail_metrics.h"

namespace gatehouse::service::mail {

void DescribeMetrics(const MailWorker& worker, base::MetricFamilies& families) {
  const MailWorker::Stats stats = worker.stats();
  families.Counter("mails_sent", "Mails that the mail server took.", stats.sent);
  families.Counter("mails_delayed", "Attempts to send a mail that failed and are made again.",
                   stats.delayed);
  families.Counter("mails_given_up", "Mails that were given up.", stats.given_up);
  families.Counter("mail_requests_answered",
                   "Requests for a mail, by who says who they are, that a mail was made for.",
                   stats.requests_answered);
  families.Counter("mail_requests_dropped",
                   "The same that were nobody's, or came too soon after the one before.",
                   stats.requests_dropped);
  families.Gauge("mail_server_paused",
                 "1 while the mail server is left alone because it takes nothing.",
                 stats.paused ? 1 : 0);
}

void DescribeMetrics(const MailRequestQueue& queue, base::MetricFamilies& families) {
  families.Counter("mail_requests", "Requests for a mail, by who says who they are.",
                   queue.asked());
  families.Counter("mail_requests_refused", "The same that a limit refused.", queue.refused());
}

}  // namespace gatehouse::service::mail
