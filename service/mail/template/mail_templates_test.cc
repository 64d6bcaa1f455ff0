#include "service/mail/template/mail_templates.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/status/status.h"
#include "base/status.h"
#include "storage/mail/mail.h"
#include "tests/support/postgres/scratch_folder.h"

namespace gatehouse::service::mail {
namespace {

using storage::MailKind;

class MailTemplatesTest : public testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = std::filesystem::path(folder_.path()) / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  // What is wrong with the folder.
  std::string Fault() {
    const auto loaded = MailTemplates::Load(folder_.path(), "en");
    EXPECT_TRUE(base::HasReason(loaded.status(), base::Reason::kInvalidField)) << loaded.status();
    return std::string(loaded.status().message());
  }
  MailTemplates Load() {
    auto loaded = MailTemplates::Load(folder_.path(), "en");
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return *std::move(loaded);
  }

  const tests::ScratchFolder folder_;
};

TEST_F(MailTemplatesTest, EveryKindIsBuiltInInEnglishAndGerman) {
  const auto templates = MailTemplates::Load("", "en");
  ASSERT_TRUE(templates.ok()) << templates.status();
  for (const MailKind kind : storage::kAllMailKinds) {
    TemplateValues values;
    for (const std::string_view name : MailTemplates::PlaceholdersOf(kind)) {
      values.emplace(name, "<" + std::string(name) + ">");
    }
    for (const std::string locale : {"en", "de"}) {
      const RenderedMail mail = templates->Render(kind, locale, values);
      EXPECT_EQ(mail.locale, locale);
      EXPECT_NE(mail.subject, "") << storage::MailKindName(kind);
      EXPECT_NE(mail.text.find("<product>"), std::string::npos) << mail.text;
      EXPECT_NE(mail.html.find("&lt;product&gt;"), std::string::npos) << mail.html;
      if (values.contains("link")) {
        EXPECT_NE(mail.text.find("\n<link>\n"), std::string::npos) << mail.text;
        EXPECT_NE(mail.html.find("href=\"&lt;link&gt;\""), std::string::npos) << mail.html;
      }
    }
  }
}

TEST_F(MailTemplatesTest, ALanguageFallsBackToItsBeginningAndThenToTheUsualOne) {
  const auto templates = MailTemplates::Load("", "de");
  ASSERT_TRUE(templates.ok()) << templates.status();
  EXPECT_EQ(templates->Render(MailKind::kInvitation, "en-GB", {}).locale, "en");
  EXPECT_EQ(templates->Render(MailKind::kInvitation, "EN", {}).locale, "en");
  EXPECT_EQ(templates->Render(MailKind::kInvitation, "fr-CA", {}).locale, "de");
  EXPECT_EQ(templates->Render(MailKind::kInvitation, "", {}).locale, "de");
  EXPECT_TRUE(base::HasReason(MailTemplates::Load("", "fr").status(), base::Reason::kInvalidField));
}

TEST_F(MailTemplatesTest, TheFolderTakesThePlaceOfWhatIsBuiltIn) {
  Write("en/invitation.txt", "Subject: Come, {{username}}\n\n{{link}}\n");
  Write("en/invitation.html", "<p>{{username}}</p>");
  Write("de-AT/invitation.txt", "Subject: Servus\n\n{{link}}\n");
  Write("de-AT/invitation.html", "<p>Servus</p>");
  Write(".git/config", "not looked at");
  const MailTemplates templates = Load();
  const RenderedMail mail =
      templates.Render(MailKind::kInvitation, "en", {{"username", "a<b"}, {"link", "l"}});
  EXPECT_EQ(mail.subject, "Come, a<b");
  EXPECT_EQ(mail.text, "l\n");
  EXPECT_EQ(mail.html, "<p>a&lt;b</p>");
  EXPECT_EQ(templates.Render(MailKind::kInvitation, "de-at", {}).subject, "Servus");
  EXPECT_EQ(templates.Render(MailKind::kPasswordReset, "de-at", {}).locale, "de");
}

TEST_F(MailTemplatesTest, SaysWhatIsWrongWithTheFolder) {
  Write("en/invitation.txt", "Subject: x\n\n\n{{lnik}}\n");
  EXPECT_NE(Fault().find("is there without invitation.html"), std::string::npos) << Fault();
  Write("en/invitation.html", "{{link}}");
  EXPECT_NE(Fault().find("line 2: {{lnik}} is none of"), std::string::npos) << Fault();
  Write("en/invitation.txt", "No subject\n\n{{link}}\n");
  EXPECT_NE(Fault().find("Subject: "), std::string::npos) << Fault();
  // A placeholder of another kind of mail.
  Write("en/invitation.txt", "Subject: x\n\n{{severity}}\n");
  EXPECT_NE(Fault().find("{{severity}}"), std::string::npos) << Fault();
  Write("en/invitation.txt", "Subject: x\n\n\xff\n");
  EXPECT_NE(Fault().find("UTF-8"), std::string::npos) << Fault();
  Write("en/invitation.txt", "Subject: x\n\n{{link}}\n");
  Load();
  Write("en/goodbye.txt", "Subject: x\n\n");
  EXPECT_NE(Fault().find("goodbye.txt"), std::string::npos) << Fault();
}

TEST_F(MailTemplatesTest, AFolderThatIsNotThereIsAFault) {
  const auto loaded = MailTemplates::Load(folder_.path() + "/none", "en");
  EXPECT_TRUE(base::HasReason(loaded.status(), base::Reason::kInvalidField)) << loaded.status();
}

}  // namespace
}  // namespace gatehouse::service::mail
