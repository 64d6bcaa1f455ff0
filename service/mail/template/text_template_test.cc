#include "service/mail/template/text_template.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace gatehouse::service::mail {
namespace {

constexpr std::array<std::string_view, 2> kNames = {"name", "link"};

std::string ErrorOf(std::string_view text) {
  const auto parsed = TextTemplate::Parse(text, kNames, TextTemplate::Escape::kNone);
  EXPECT_FALSE(parsed.ok()) << text;
  return std::string(parsed.status().message());
}

std::string Rendered(std::string_view text, const TemplateValues& values,
                     TextTemplate::Escape escape = TextTemplate::Escape::kNone) {
  const auto parsed = TextTemplate::Parse(text, kNames, escape);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed.ok() ? parsed->Render(values) : "";
}

TEST(TextTemplateTest, PutsValuesInThePlacesOfTheirNames) {
  EXPECT_EQ(Rendered("{{name}}: {{link}}, {{name}}", {{"name", "ada"}, {"link", "x"}}),
            "ada: x, ada");
  EXPECT_EQ(Rendered("{ {name} }", {}), "{ {name} }");
  EXPECT_EQ(Rendered("", {}), "");
  EXPECT_EQ(Rendered("<{{name}}>", {}), "<>");
}

// Else a user could write a placeholder into its own name.
TEST(TextTemplateTest, ValuesAreNoTemplates) {
  EXPECT_EQ(Rendered("{{name}}", {{"name", "{{link}}"}, {"link", "secret"}}), "{{link}}");
}

TEST(TextTemplateTest, HtmlIsEscapedAndTextIsNot) {
  const TemplateValues values = {{"name", "<a href='x'>&\"</a>"}};
  EXPECT_EQ(Rendered("<p>{{name}}</p>", values, TextTemplate::Escape::kHtml),
            "<p>&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;</p>");
  EXPECT_EQ(Rendered("{{name}}", values), "<a href='x'>&\"</a>");
}

TEST(TextTemplateTest, ALineStaysOne) {
  EXPECT_EQ(Rendered("{{name}}", {{"name", "a\r\nBcc: b\tc"}}, TextTemplate::Escape::kLine),
            "a  Bcc: b c");
}

TEST(TextTemplateTest, WhatIsNoPlaceholderIsAnErrorWithItsLine) {
  EXPECT_EQ(ErrorOf("a\n{{nmae}}"), "line 2: {{nmae}} is none of name, link");
  EXPECT_EQ(ErrorOf("{{ name }}"), "line 1: {{ name }} is none of name, link");
  EXPECT_EQ(ErrorOf("{{name"), "line 1: {{ without }}");
  EXPECT_EQ(ErrorOf("{{name}}\n\n}}"), "line 3: }} without {{");
  EXPECT_EQ(ErrorOf("{{}}"), "line 1: {{}} is none of name, link");
}

}  // namespace
}  // namespace gatehouse::service::mail
