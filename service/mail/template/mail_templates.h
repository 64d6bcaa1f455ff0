#ifndef GATEHOUSE_SERVICE_MAIL_TEMPLATE_MAIL_TEMPLATES_H_
#define GATEHOUSE_SERVICE_MAIL_TEMPLATE_MAIL_TEMPLATES_H_

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "service/mail/template/text_template.h"
#include "storage/mail/mail.h"

namespace gatehouse::service::mail {

// What a mail says.
struct RenderedMail {
  // The language it is in, as a BCP 47 tag.
  std::string locale;
  // Of one line.
  std::string subject;
  std::string text;
  std::string html;
};

// The templates of all kinds of mails, in all languages: those that are built in, English and
// German, and those of the operator's folder, which take their places. In the folder are
// LOCALE/KIND.txt, whose first line is "Subject: ..." and whose second is empty, and
// LOCALE/KIND.html, always both.
//
// Immutable, thread-safe.
class MailTemplates {
 public:
  // The placeholders of a kind.
  static std::span<const std::string_view> PlaceholdersOf(storage::MailKind kind);

  // `folder`: empty for none. `usual_locale`: for users with a language of which there are no
  // templates. INVALID_FIELD about mail.template_dir, with the file and its line, for what cannot
  // be used; about mail.default_locale for one that has not all kinds of mails.
  static absl::StatusOr<MailTemplates> Load(const std::string& folder,
                                            const std::string& usual_locale);

  // In the language of `locale`, else in that of its beginning ("de" for "de-AT"), else in the
  // usual one.
  RenderedMail Render(storage::MailKind kind, std::string_view locale,
                      const TemplateValues& values) const;

 private:
  struct Template {
    TextTemplate subject;
    TextTemplate text;
    TextTemplate html;
  };
  using Key = std::pair<storage::MailKind, std::string>;

  MailTemplates() = default;

  absl::Status AddBuiltIn();
  absl::Status AddFolder(const std::string& folder);
  absl::Status Add(storage::MailKind kind, std::string_view locale, std::string_view text,
                   std::string_view html);
  const std::pair<const Key, Template>* Find(storage::MailKind kind, std::string locale) const;

  std::map<Key, Template> templates_;
  std::string usual_locale_;
};

}  // namespace gatehouse::service::mail

#endif  // GATEHOUSE_SERVICE_MAIL_TEMPLATE_MAIL_TEMPLATES_H_
