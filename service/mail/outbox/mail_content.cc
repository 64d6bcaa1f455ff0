#include "service/mail/outbox/mail_content.h"

#include <nlohmann/json.hpp>

namespace gatehouse::service::mail {
namespace {

using nlohmann::json;

// An object, or null.
json Parsed(std::string_view text) {
  json parsed = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return parsed.is_object() ? parsed : json();
}

// The text of a member; nullopt if there is none.
std::optional<std::string> TextOf(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

}  // namespace

std::string MailContent::ToJson() const {
  return json{{"to", to}, {"locale", locale}, {"values", values}}.dump();
}

std::optional<MailContent> MailContent::FromJson(std::string_view text) {
  const json object = Parsed(text);
  if (object.is_null()) return std::nullopt;
  std::optional<std::string> to = TextOf(object, "to");
  std::optional<std::string> locale = TextOf(object, "locale");
  const auto values = object.find("values");
  if (!to || !locale || values == object.end() || !values->is_object()) return std::nullopt;
  MailContent content{.to = *std::move(to), .locale = *std::move(locale), .values = {}};
  for (const auto& [name, value] : values->items()) {
    if (!value.is_string()) return std::nullopt;
    content.values.emplace(name, value.get<std::string>());
  }
  return content;
}

std::string RequestContent::ToJson() const {
  const json object{{"login", login_key},
                    {"ip_address", ip_address},
                    {"user_agent", user_agent},
                    {"request_id", request_id}};
  // What a caller sends need not be UTF-8 everywhere.
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<RequestContent> RequestContent::FromJson(std::string_view text) {
  const json object = Parsed(text);
  if (object.is_null()) return std::nullopt;
  std::optional<std::string> login = TextOf(object, "login");
  if (!login) return std::nullopt;
  return RequestContent{.login_key = *std::move(login),
                        .ip_address = TextOf(object, "ip_address").value_or(""),
                        .user_agent = TextOf(object, "user_agent").value_or(""),
                        .request_id = TextOf(object, "request_id").value_or("")};
}

}  // namespace gatehouse::service::mail
