#ifndef GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_METRICS_H_
#define GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_METRICS_H_

#include "base/metric_families.h"
#include "service/mail/outbox/mail_worker.h"
#include "service/mail/request/mail_request_queue.h"

namespace gatehouse::service::mail {

void DescribeMetrics(const MailWorker& worker, base::MetricFamilies& families);
void DescribeMetrics(const MailRequestQueue& queue, base::MetricFamilies& families);

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_METRICS_H_
