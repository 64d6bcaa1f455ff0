#ifndef GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_CONTENT_H_
#define GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_CONTENT_H_

#include <optional>
#include <string>
#include <string_view>

#include "service/mail/template/text_template.h"

namespace gatehouse::service::mail {

// What the outbox holds of a mail, sealed: what its template needs, so that it is rendered when it
// is sent, by the templates of then.
struct MailContent {
  std::string to;
  std::string locale;
  TemplateValues values;

  std::string ToJson() const;
  // nullopt for what ToJson did not make.
  static std::optional<MailContent> FromJson(std::string_view json);
};

// What the outbox holds of a request by somebody who says who they are.
struct RequestContent {
  // AccountKey of a username or an address; empty: nobody's.
  std::string login_key;
  // Of the call, for the event of what comes of it.
  std::string ip_address;
  std::string user_agent;
  std::string request_id;

  std::string ToJson() const;
  static std::optional<RequestContent> FromJson(std::string_view json);
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_OUTBOX_MAIL_CONTENT_H_
