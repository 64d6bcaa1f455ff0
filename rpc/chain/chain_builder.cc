#include "rpc/chain/chain_builder.h"

#include <utility>
#include <vector>

#include "rpc/interceptors/access_log_interceptor.h"
#include "rpc/interceptors/admission_interceptor.h"
#include "rpc/interceptors/deadline_interceptor.h"
#include "rpc/interceptors/metrics_interceptor.h"
#include "rpc/interceptors/parse_interceptor.h"
#include "rpc/interceptors/recover_interceptor.h"
#include "rpc/interceptors/request_id_interceptor.h"
#include "rpc/interceptors/validate_interceptor.h"

namespace gatehouse::rpc {

InterceptorChain BuildChain(ChainOptions options) {
  std::vector<std::unique_ptr<Interceptor>> links;
  const auto add = [&links](std::unique_ptr<Interceptor> link) {
    if (link) links.push_back(std::move(link));
  };
  // Before everything that logs or fails, so that it can be found again.
  add(std::make_unique<RequestIdInterceptor>(options.clock));
  // Around everything that refuses, so that refusals are counted and logged.
  add(std::make_unique<MetricsInterceptor>(options.metrics));
  add(std::make_unique<AccessLogInterceptor>(options.logged_failures));
  // Inside these, so that they see an exception as the status it becomes.
  add(std::make_unique<RecoverInterceptor>());
  // Before anything that costs or waits.
  add(std::make_unique<DeadlineInterceptor>(options.max_unary_deadline));
  add(std::make_unique<AdmissionInterceptor>(std::move(options.in_flight)));
  // Who, may they, how often; only then is the request even read. An
  // unprivileged caller learns nothing from the way its request is wrong.
  add(std::move(options.authenticate));
  add(std::move(options.authorise));
  add(std::move(options.rate_limit));
  add(std::make_unique<StreamCapInterceptor>(options.streams));
  add(std::make_unique<ParseInterceptor>());
  add(std::make_unique<ValidateInterceptor>());
  return InterceptorChain(std::move(links));
}

}  // namespace gatehouse::rpc
