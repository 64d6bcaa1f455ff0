#include "service/main/mail_options.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "base/ip_address.h"
#include "base/small_file.h"
#include "base/status.h"
#include "base/text/ascii.h"
#include "service/delivery/http/http_sender.h"
#include "service/mail/message/mailbox.h"
#include "service/mail/template/mail_templates.h"

namespace gatehouse::service {
namespace {

constexpr std::string_view kToken = "{token}";

mail::SmtpTls TlsOf(std::string_view text) {
  if (text == "none") return mail::SmtpTls::kNone;
  return text == "implicit" ? mail::SmtpTls::kImplicit : mail::SmtpTls::kStartTls;
}

// Whether an address HOST:PORT is of this machine alone.
bool IsLoopback(std::string_view address) {
  std::string_view host = address.substr(0, address.rfind(':'));
  if (host == "localhost") return true;
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  const std::optional<base::IpAddress> parsed = base::IpAddress::Parse(host);
  if (!parsed) return false;
  const base::IpAddress plain = parsed->Unmapped();
  return plain.v6 ? plain.ToString() == "::1" : plain.bytes[0] == 127;
}

absl::Status CheckPage(std::string_view setting, const std::string& page) {
  if (page.empty()) return absl::OkStatus();
  const bool web = base::StartsWithIgnoringCase(page, "https://") ||
                   base::StartsWithIgnoringCase(page, "http://");
  const size_t at = page.find(kToken);
  const bool clean = page.find_first_of(" \t\r\n\"<>") == page.npos;
  if (web && clean && at != page.npos && page.find(kToken, at + 1) == page.npos) {
    return absl::OkStatus();
  }
  return base::InvalidField(setting,
                            "must be an http or https URL with {token} in it, once: "
                            "\"https://example.com/reset?token={token}\"");
}

absl::Status CheckFrom(const std::string& from) {
  if (mail::Mailbox::Parse(from)) return absl::OkStatus();
  return base::InvalidField("mail.from", "must be an address that mails come from");
}

absl::Status CheckTls(const config::MailSettings& config) {
  if (config.tls != "none" || config.allow_plaintext || IsLoopback(config.server)) {
    return absl::OkStatus();
  }
  return base::InvalidField("mail.tls",
                            "none is for mail servers on this machine: tokens would go over the "
                            "network for all to read. mail.allow_plaintext allows it");
}

absl::Status CheckCaFile(const std::string& file) {
  if (file.empty()) return absl::OkStatus();
  const absl::Status status = delivery::HttpSender::CheckCaFile(file);
  if (status.ok()) return status;
  return base::InvalidField("mail.ca_file", std::string(status.message()));
}

absl::Status CheckCredentials(const config::MailSettings& config) {
  if (config.username.empty() != config.password_file.empty()) {
    return base::InvalidField("mail.username", "goes together with mail.password_file");
  }
  if (config.password_file.empty()) return absl::OkStatus();
  return base::ReadSmallFile("mail.password_file", config.password_file).status();
}

absl::Status CheckLine(std::string_view setting, const std::string& text) {
  if (text.size() <= 200 && text.find_first_of("\r\n\t") == text.npos) return absl::OkStatus();
  return base::InvalidField(setting, "must be one line of at most 200 bytes");
}

absl::Status CheckHeloName(const std::string& name) {
  GH_RETURN_IF_ERROR(CheckLine("mail.helo_name", name));
  if (name.find_first_of(" /<>") == name.npos) return absl::OkStatus();
  return base::InvalidField("mail.helo_name", "must be the name of a host");
}

}  // namespace

mail::MailComposer::Options ComposerOptionsOf(const config::MailSettings& config) {
  return {.configured = !config.server.empty(),
          .product_name = config.product_name,
          .password_reset_url = config.password_reset_url,
          .email_verification_url = config.email_verification_url,
          .invitation_url = config.invitation_url,
          .magic_link_url = config.magic_link_url};
}

std::vector<absl::Status> FindMailFaults(const config::MailSettings& config) {
  if (config.server.empty()) return {};
  std::vector<absl::Status> found = {
      CheckFrom(config.from),
      CheckTls(config),
      CheckCaFile(config.ca_file),
      CheckCredentials(config),
      CheckLine("mail.from_name", config.from_name),
      CheckLine("mail.product_name", config.product_name),
      CheckHeloName(config.helo_name),
      CheckPage("mail.password_reset_url", config.password_reset_url),
      CheckPage("mail.email_verification_url", config.email_verification_url),
      CheckPage("mail.invitation_url", config.invitation_url),
      CheckPage("mail.magic_link_url", config.magic_link_url),
      mail::MailTemplates::Load(config.template_dir, config.default_locale).status()};
  std::erase_if(found, &absl::Status::ok);
  return found;
}

absl::StatusOr<std::optional<mail::MailDelivery>> MailDeliveryOf(
    const config::MailSettings& config) {
  if (config.server.empty()) return std::nullopt;
  for (const absl::Status& fault : FindMailFaults(config)) return fault;
  GH_ASSIGN_OR_RETURN(mail::MailTemplates templates,
                      mail::MailTemplates::Load(config.template_dir, config.default_locale));
  return mail::MailDelivery{.server = {.address = config.server,
                                       .tls = TlsOf(config.tls),
                                       .ca_file = config.ca_file,
                                       .username = config.username,
                                       .password_file = config.password_file,
                                       .helo_name = config.helo_name,
                                       .timeout = config.timeout},
                            .connections = static_cast<size_t>(config.max_in_flight),
                            .from = *mail::Mailbox::Parse(config.from),
                            .from_name = config.from_name,
                            .templates = std::move(templates)};
}

}  // namespace gatehouse::service
