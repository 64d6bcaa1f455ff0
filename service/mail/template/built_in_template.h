#ifndef GATEHOUSE_SERVICE_MAIL_TEMPLATE_BUILT_IN_TEMPLATE_H_
#define GATEHOUSE_SERVICE_MAIL_TEMPLATE_BUILT_IN_TEMPLATE_H_

#include <string_view>

namespace gatehouse::service::mail {

// A file of this folder, as the build embeds it.
struct BuiltInTemplate {
  std::string_view locale;
  // "password_reset.txt".
  std::string_view file;
  std::string_view text;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_TEMPLATE_BUILT_IN_TEMPLATE_H_
