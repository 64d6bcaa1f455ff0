#include "service/mail/template/mail_templates.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <optional>
#include <system_error>
#include <vector>

#include "base/small_file.h"
#include "base/status.h"
#include "base/text/encoding.h"
#include "service/mail/template/built_in_template.h"
#include "service/mail/template/built_in_templates.h"

namespace gatehouse::service::mail {
namespace {

namespace fs = std::filesystem;
using storage::MailKind;

constexpr char kFolderSetting[] = "mail.template_dir";
constexpr char kLocaleSetting[] = "mail.default_locale";
constexpr std::string_view kSubject = "Subject: ";
constexpr std::string_view kText = ".txt";
constexpr std::string_view kHtml = ".html";
// Of one folder of an operator's: enough for every language there is.
constexpr size_t kMaxLocales = 500;

constexpr std::array<std::string_view, 5> kOfTokens = {"product", "username", "email", "link",
                                                       "expire_time"};
constexpr std::array<std::string_view, 4> kOfChanges = {"product", "username", "email", "time"};
constexpr std::array<std::string_view, 12> kOfAlerts = {
    "product",    "destination", "kind",     "severity", "state",   "message",
    "first_time", "last_time",   "alert_id", "count",    "details", "endpoint_id"};

absl::Status WrongFile(const std::string& file, const absl::Status& why) {
  return base::InvalidField(kFolderSetting, file + ": " + std::string(why.message()));
}

std::optional<MailKind> KindOf(std::string_view name) {
  for (const MailKind kind : storage::kAllMailKinds) {
    if (storage::MailKindName(kind) == name) return kind;
  }
  return std::nullopt;
}

bool IsLocale(std::string_view name) {
  return !name.empty() && name.size() <= 35 && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-';
  });
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

absl::StatusOr<std::string> ReadTemplate(const fs::path& path) {
  GH_ASSIGN_OR_RETURN(std::string text, base::ReadSmallFile(kFolderSetting, path.string()));
  if (!base::IsValidUtf8(text)) {
    return WrongFile(path.string(), absl::InvalidArgumentError("is no UTF-8"));
  }
  std::erase(text, '\r');
  return text;
}

// What is in one folder of a language: kinds by name. An error about what is there besides.
absl::StatusOr<std::vector<MailKind>> KindsIn(const fs::path& folder) {
  std::vector<MailKind> kinds;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.')) continue;
    const std::string extension = entry.path().extension().string();
    const std::optional<MailKind> kind = KindOf(entry.path().stem().string());
    if (!kind || (extension != kText && extension != kHtml)) {
      return WrongFile(entry.path().string(),
                       absl::InvalidArgumentError("is no template: KIND.txt or KIND.html"));
    }
    const fs::path other =
        folder / (entry.path().stem().string() + std::string(extension == kText ? kHtml : kText));
    if (!fs::exists(other, error)) {
      return WrongFile(entry.path().string(),
                       absl::InvalidArgumentError("is there without " + other.filename().string()));
    }
    if (extension == kText) kinds.push_back(*kind);
  }
  if (error) return WrongFile(folder.string(), absl::InvalidArgumentError(error.message()));
  return kinds;
}

}  // namespace

std::span<const std::string_view> MailTemplates::PlaceholdersOf(MailKind kind) {
  switch (kind) {
    case MailKind::kAlert:
      return kOfAlerts;
    case MailKind::kEmailChanged:
      return kOfChanges;
    case MailKind::kPasswordReset:
    case MailKind::kEmailVerification:
    case MailKind::kInvitation:
    case MailKind::kMagicLink:
      break;
  }
  return kOfTokens;
}

absl::StatusOr<MailTemplates> MailTemplates::Load(const std::string& folder,
                                                  const std::string& usual_locale) {
  MailTemplates templates;
  GH_RETURN_IF_ERROR(templates.AddBuiltIn());
  if (!folder.empty()) GH_RETURN_IF_ERROR(templates.AddFolder(folder));
  templates.usual_locale_ = Lower(usual_locale);
  for (const MailKind kind : storage::kAllMailKinds) {
    if (templates.templates_.contains({kind, templates.usual_locale_})) continue;
    return base::InvalidField(kLocaleSetting, "there is no template \"" +
                                                  std::string(storage::MailKindName(kind)) +
                                                  "\" in that language");
  }
  return templates;
}

absl::Status MailTemplates::AddBuiltIn() {
  std::map<Key, std::pair<std::string_view, std::string_view>> found;
  for (const BuiltInTemplate& file : kBuiltInTemplates) {
    const bool text = file.file.ends_with(kText);
    const std::string_view name =
        file.file.substr(0, file.file.size() - (text ? kText : kHtml).size());
    const std::optional<MailKind> kind = KindOf(name);
    if (!kind) return base::InternalError("a template of no kind of mail is built in");
    auto& pair = found[{*kind, std::string(file.locale)}];
    (text ? pair.first : pair.second) = file.text;
  }
  for (const auto& [key, files] : found) {
    GH_RETURN_IF_ERROR(Add(key.first, key.second, files.first, files.second));
  }
  return absl::OkStatus();
}

absl::Status MailTemplates::AddFolder(const std::string& folder) {
  std::error_code error;
  size_t locales = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string locale = entry.path().filename().string();
    if (locale.starts_with('.')) continue;
    if (!entry.is_directory(error) || !IsLocale(locale) || ++locales > kMaxLocales) {
      return WrongFile(entry.path().string(),
                       absl::InvalidArgumentError("is no folder of a language, as \"de-AT\""));
    }
    GH_ASSIGN_OR_RETURN(const std::vector<MailKind> kinds, KindsIn(entry.path()));
    for (const MailKind kind : kinds) {
      const fs::path stem = entry.path() / std::string(storage::MailKindName(kind));
      GH_ASSIGN_OR_RETURN(const std::string text, ReadTemplate(stem.string() + ".txt"));
      GH_ASSIGN_OR_RETURN(const std::string html, ReadTemplate(stem.string() + ".html"));
      const absl::Status added = Add(kind, locale, text, html);
      if (!added.ok()) return WrongFile(stem.string(), added);
    }
  }
  if (error) return WrongFile(folder, absl::InvalidArgumentError(error.message()));
  return absl::OkStatus();
}

absl::Status MailTemplates::Add(MailKind kind, std::string_view locale, std::string_view text,
                                std::string_view html) {
  const size_t end = text.find('\n');
  if (!text.starts_with(kSubject) || end == text.npos || !text.substr(end).starts_with("\n\n")) {
    return absl::InvalidArgumentError(
        ".txt: must begin with a line \"Subject: ...\" and an empty one");
  }
  const auto parse = [&](std::string_view what, std::string_view part,
                         TextTemplate::Escape escape) -> absl::StatusOr<TextTemplate> {
    auto parsed = TextTemplate::Parse(part, PlaceholdersOf(kind), escape);
    if (parsed.ok()) return parsed;
    return absl::InvalidArgumentError(std::string(what) + ": " +
                                      std::string(parsed.status().message()));
  };
  GH_ASSIGN_OR_RETURN(TextTemplate subject,
                      parse("the subject", text.substr(kSubject.size(), end - kSubject.size()),
                            TextTemplate::Escape::kLine));
  GH_ASSIGN_OR_RETURN(TextTemplate plain, parse(".txt, from its third line on",
                                                text.substr(end + 2), TextTemplate::Escape::kNone));
  GH_ASSIGN_OR_RETURN(TextTemplate marked, parse(".html", html, TextTemplate::Escape::kHtml));
  templates_.insert_or_assign(
      {kind, Lower(locale)},
      Template{.subject = std::move(subject), .text = std::move(plain), .html = std::move(marked)});
  return absl::OkStatus();
}

const std::pair<const MailTemplates::Key, MailTemplates::Template>* MailTemplates::Find(
    MailKind kind, std::string locale) const {
  while (true) {
    const auto found = templates_.find({kind, locale});
    if (found != templates_.end()) return &*found;
    const size_t dash = locale.rfind('-');
    if (dash == locale.npos) return &*templates_.find({kind, usual_locale_});
    locale.resize(dash);
  }
}

RenderedMail MailTemplates::Render(MailKind kind, std::string_view locale,
                                   const TemplateValues& values) const {
  const auto& [key, used] = *Find(kind, Lower(locale));
  return {.locale = key.second,
          .subject = used.subject.Render(values),
          .text = used.text.Render(values),
          .html = used.html.Render(values)};
}

}  // namespace gatehouse::service::mail
