#include "service/config/mail_settings.h"

#include <string>
#include <string_view>

#include "service/config/setting_makers.h"

namespace gatehouse::service::config {
namespace {

// Empty for none.
template <typename Field>
Setting OptionalAddress(std::string key, std::string help, Field field) {
  Setting setting = Text(key, std::move(help), field);
  setting.set = [key, field](Config& config, std::string_view value) {
    if (!value.empty() && !IsAddress(value)) {
      return base::InvalidField(key, "must be HOST:PORT, with a port from 0 to 65535");
    }
    field(config) = value;
    return absl::OkStatus();
  };
  return setting;
}

void AddServer(std::vector<Setting>& all) {
  all.push_back(OptionalAddress("mail.server",
                                "The SMTP server that mails are handed to, HOST:PORT; empty: the "
                                "server sends no mail.",
                                GH_FIELD(mail.server)));
  all.push_back(OneOf("mail.tls",
                      "How the connection to it is protected: starttls, which it must offer; "
                      "implicit, from its first byte on; or none.",
                      {"starttls", "implicit", "none"}, GH_FIELD(mail.tls)));
  all.push_back(Boolean("mail.allow_plaintext",
                        "Allow mail.tls none to other addresses than this machine's own.",
                        GH_FIELD(mail.allow_plaintext)));
  all.push_back(Text("mail.ca_file",
                     "PEM file of the authorities whose certificates the SMTP server may have, "
                     "instead of those the system trusts; empty: the system's.",
                     GH_FIELD(mail.ca_file)));
  all.push_back(Text("mail.username", "Whom to log in as at the SMTP server; empty: nobody.",
                     GH_FIELD(mail.username)));
  all.push_back(Text("mail.password_file",
                     "File with the password of mail.username, read again for each mail.",
                     GH_FIELD(mail.password_file)));
  all.push_back(Text("mail.helo_name",
                     "What the server calls itself to the SMTP server; empty: the machine's name.",
                     GH_FIELD(mail.helo_name)));
  all.push_back(Span("mail.timeout_ms",
                     "The longest that handing over one mail may take, in milliseconds.", 1'000,
                     300'000, GH_FIELD(mail.timeout)));
  all.push_back(Integer("mail.max_in_flight", "Connections to the SMTP server at a time.", 1, 64,
                        GH_FIELD(mail.max_in_flight)));
}

void AddContent(std::vector<Setting>& all) {
  all.push_back(Text("mail.from", "The address that mails come from; required with mail.server.",
                     GH_FIELD(mail.from)));
  all.push_back(
      Text("mail.from_name", "The name shown with it; empty: none.", GH_FIELD(mail.from_name)));
  all.push_back(NotEmpty(
      Text("mail.product_name", "What mails call the product.", GH_FIELD(mail.product_name))));
  all.push_back(
      Text("mail.template_dir",
           "Folder with templates that take the places of the built-in ones; empty: none.",
           GH_FIELD(mail.template_dir)));
  all.push_back(NotEmpty(Text("mail.default_locale",
                              "The language of mails to users without one, or with one that there "
                              "are no templates of.",
                              GH_FIELD(mail.default_locale))));
  all.push_back(Text("mail.password_reset_url",
                     "The page where a user chooses another password, with {token} in the place of "
                     "the token; empty: no such mails.",
                     GH_FIELD(mail.password_reset_url)));
  all.push_back(Text("mail.email_verification_url",
                     "The same where a user confirms an address; empty: no such mails.",
                     GH_FIELD(mail.email_verification_url)));
  all.push_back(Text("mail.invitation_url",
                     "The same where an invited user chooses a password; empty: no such mails.",
                     GH_FIELD(mail.invitation_url)));
  all.push_back(Text("mail.magic_link_url",
                     "The same where a user is logged in by the token; empty: no such mails.",
                     GH_FIELD(mail.magic_link_url)));
}

}  // namespace

void AddMail(std::vector<Setting>& all) {
  AddServer(all);
  AddContent(all);
}

}  // namespace gatehouse::service::config
