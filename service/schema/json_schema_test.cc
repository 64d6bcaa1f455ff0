#include "service/schema/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"

namespace gatehouse::service {
namespace {

using google::protobuf::Struct;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Struct Parse(const std::string& json) {
  Struct value;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &value);
  EXPECT_TRUE(status.ok()) << json << status.ToString();
  return value;
}

std::shared_ptr<const JsonSchema> Compile(const std::string& json) {
  auto schema = JsonSchema::Compile("schema", Parse(json));
  EXPECT_TRUE(schema.ok()) << json << schema.status();
  return *std::move(schema);
}

// "path what" of each misfit.
std::vector<std::string> Check(const JsonSchema& schema, const Struct& data) {
  std::vector<std::string> misfits;
  for (const JsonSchema::Misfit& misfit : schema.Check("data", data)) {
    misfits.push_back(misfit.path + " " + misfit.what);
  }
  return misfits;
}
std::vector<std::string> Check(const std::string& schema, const std::string& data) {
  return Check(*Compile(schema), Parse(data));
}

// Whether `value` fits as the member x.
bool Fits(const std::string& schema, const std::string& value) {
  return Check(R"({"properties": {"x": )" + schema + "}}", R"({"x": )" + value + "}").empty();
}

std::string WhatIsWrong(const std::string& json) {
  const auto schema = JsonSchema::Compile("schema", Parse(json));
  EXPECT_FALSE(schema.ok()) << json;
  EXPECT_TRUE(base::HasReason(schema.status(), base::Reason::kInvalidField)) << schema.status();
  return std::string(schema.status().message());
}

// {"not": {"not": ...}}, of so many levels: more than Protobuf's parser of JSON takes.
Struct Nested(int levels) {
  Struct schema;
  for (int i = 1; i < levels; ++i) {
    Struct outer;
    *(*outer.mutable_fields())["not"].mutable_struct_value() = schema;
    schema = outer;
  }
  return schema;
}

TEST(JsonSchemaTest, NamesTheFailingPathAndWhatIsWrong) {
  const std::string schema = R"({
    "type": "object",
    "required": ["order"],
    "properties": {
      "order": {
        "type": "object",
        "required": ["id"],
        "properties": {
          "id": {"type": "string", "minLength": 1},
          "items": {"type": "array", "items": {"$ref": "#/definitions/item"}}
        },
        "additionalProperties": false
      }
    },
    "definitions": {"item": {"properties": {"count": {"type": "integer", "minimum": 1}}}}
  })";
  EXPECT_THAT(Check(schema, R"({"order": {"id": "a", "items": [{"count": 2}]}})"), IsEmpty());
  EXPECT_THAT(Check(schema, R"({})"), ElementsAre("data.order is required"));
  EXPECT_THAT(Check(schema, R"({"order": {"id": 7}})"),
              ElementsAre("data.order.id must be a string"));
  EXPECT_THAT(
      Check(schema, R"({"order": {"items": [{"count": 2}, {"count": 0}, {"count": 1.5}]}})"),
      ElementsAre("data.order.id is required", "data.order.items[1].count must be at least 1",
                  "data.order.items[2].count must be an integer"));
  EXPECT_THAT(Check(schema, R"({"order": {"id": "a", "a b": "secret"}})"),
              ElementsAre("data.order[\"a b\"] is not allowed"));
}

struct Case {
  std::string schema;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST(JsonSchemaTest, JudgesByTheKeywordsOfDraft7) {
  const std::vector<Case> cases = {
      {"true", {"1", "null"}, {}},
      {"{}", {"1", "null"}, {}},
      {"false", {}, {"1", "null"}},
      {R"({"type": "null"})", {"null"}, {"0", "\"\""}},
      {R"({"type": "boolean"})", {"true", "false"}, {"0", "null"}},
      {R"({"type": "number"})", {"1", "1.5"}, {"\"1\"", "true"}},
      {R"({"type": "integer"})", {"1", "-3", "1.0", "1e3"}, {"1.5", "\"1\""}},
      {R"({"type": "string"})", {"\"\""}, {"1"}},
      {R"({"type": ["string", "null"]})", {"null", "\"\""}, {"1", "[]"}},
      {R"({"type": "object"})", {"{}"}, {"[]"}},
      {R"({"type": "array"})", {"[]"}, {"{}"}},
      {R"({"enum": ["a", 1, null, {"b": [1]}]})",
       {"\"a\"", "1", "null", R"({"b": [1]})"},
       {"\"b\"", "2", "true", R"({"b": [2]})", R"({"b": [1], "c": 1})"}},
      {R"({"const": 0})", {"0", "-0"}, {"false", "1", "null"}},
      {R"({"multipleOf": 0.01})", {"19.99", "0", "4"}, {"0.005"}},
      {R"({"multipleOf": 3})", {"9", "\"x\""}, {"10"}},
      {R"({"minimum": 1, "maximum": 3})", {"1", "3", "\"x\""}, {"0.9", "3.1"}},
      {R"({"exclusiveMinimum": 1, "exclusiveMaximum": 3})", {"1.1"}, {"1", "3"}},
      {R"({"minLength": 2, "maxLength": 3})", {"\"ab\"", "\"äöü\"", "1"}, {"\"a\"", "\"abcd\""}},
      {R"({"pattern": "^a+$"})", {"\"aa\"", "1"}, {"\"ab\"", "\"\""}},
      {R"({"pattern": "b"})", {"\"abc\""}, {"\"ac\""}},
      {R"({"items": {"type": "string"}})", {"[]", "[\"a\"]", "1"}, {"[1]", "[\"a\", 1]"}},
      {R"({"items": [{"type": "string"}, {"type": "number"}]})",
       {"[]", "[\"a\", 1, null]"},
       {"[1]", "[\"a\", \"b\"]"}},
      {R"({"items": [{"type": "string"}], "additionalItems": {"type": "number"}})",
       {"[\"a\", 1, 2]"},
       {"[\"a\", \"b\"]"}},
      {R"({"additionalItems": false})", {"[1, 2]"}, {}},
      {R"({"minItems": 1, "maxItems": 2})", {"[1]", "{}"}, {"[]", "[1, 2, 3]"}},
      {R"({"uniqueItems": true})",
       {"[1, true, \"1\", [1], {\"a\": 1}]", "[]"},
       {"[1, 1.0]", "[0, -0]", R"([{"a": 1, "b": 2}, {"b": 2, "a": 1}])"}},
      {R"({"contains": {"const": 7}})", {"[1, 7]", "{}"}, {"[]", "[1]"}},
      {R"({"minProperties": 1, "maxProperties": 2})",
       {R"({"a": 1})", "[]"},
       {"{}", R"({"a": 1, "b": 1, "c": 1})"}},
      {R"({"required": ["a"]})", {R"({"a": null})", "[]"}, {"{}", R"({"b": 1})"}},
      {R"({"properties": {"a": {"type": "number"}}, "patternProperties": {"^n_": {"type": "null"}},
           "additionalProperties": {"type": "string"}})",
       {R"({"a": 1, "n_x": null, "s": ""})"},
       {R"({"a": ""})", R"({"n_x": 1})", R"({"s": 1})"}},
      {R"({"propertyNames": {"maxLength": 2}})", {R"({"ab": 1})"}, {R"({"abc": 1})"}},
      {R"({"dependencies": {"a": ["b"], "c": {"required": ["d"]}}})",
       {"{}", R"({"a": 1, "b": 1})", R"({"c": 1, "d": 1})"},
       {R"({"a": 1})", R"({"c": 1})"}},
      {R"({"allOf": [{"minimum": 1}, {"maximum": 3}]})", {"2"}, {"0", "4"}},
      {R"({"anyOf": [{"minimum": 3}, {"maximum": 1}]})", {"0", "4"}, {"2"}},
      {R"({"oneOf": [{"minimum": 1}, {"maximum": 3}]})", {"0", "4"}, {"2"}},
      {R"({"not": {"type": "null"}})", {"0"}, {"null"}},
      {R"({"if": {"minimum": 10}, "then": {"multipleOf": 10}, "else": {"multipleOf": 2}})",
       {"20", "4"},
       {"11", "3"}},
      {R"({"if": {"minimum": 10}})", {"11", "3"}, {}},
      {R"({"format": "email", "title": "t", "default": 1, "x-own": 1})", {"\"no address\""}, {}},
  };
  for (const Case& test : cases) {
    for (const std::string& value : test.good) {
      EXPECT_TRUE(Fits(test.schema, value)) << test.schema << " " << value;
    }
    for (const std::string& value : test.bad) {
      EXPECT_FALSE(Fits(test.schema, value)) << test.schema << " " << value;
    }
  }
}

TEST(JsonSchemaTest, ASchemaMayBeWithinItself) {
  const std::string tree = R"({"properties": {"name": {"type": "string"},
                               "children": {"items": {"$ref": "#"}}}})";
  EXPECT_THAT(Check(tree, R"({"children": [{"name": "a", "children": [{"name": "b"}]}]})"),
              IsEmpty());
  EXPECT_THAT(Check(tree, R"({"children": [{}, {"children": [{"name": 1}]}]})"),
              ElementsAre("data.children[1].children[0].name must be a string"));
}

TEST(JsonSchemaTest, ReferencesNamePlacesAsPointersDo) {
  EXPECT_THAT(Check(R"({"properties": {"x": {"$ref": "#/definitions/a~1b%20c~0"}},
                        "definitions": {"a/b c~": {"type": "null"}}})",
                    R"({"x": 1})"),
              ElementsAre("data.x must be null"));
  EXPECT_THAT(Check(R"({"properties": {"x": {"$ref": "#/allOf/0/properties/y"}},
                        "allOf": [{"properties": {"y": {"type": "null"}}}]})",
                    R"({"x": 1})"),
              ElementsAre("data.x must be null"));
}

TEST(JsonSchemaTest, RefusesWhatIsNoSchema) {
  EXPECT_THAT(WhatIsWrong(R"({"properties": {"a": {"minimum": "1"}}})"),
              HasSubstr("schema.properties.a.minimum"));
  EXPECT_THAT(WhatIsWrong(R"({"properties": {"a b": 1}})"),
              HasSubstr("schema.properties[\"a b\"]"));
  EXPECT_THAT(WhatIsWrong(R"({"definitions": {"unused": {"type": "text"}}})"),
              HasSubstr("schema.definitions.unused.type"));
  for (const char* wrong : {R"({"type": []})",
                            R"({"type": 1})",
                            R"({"enum": []})",
                            R"({"enum": {}})",
                            R"({"multipleOf": 0})",
                            R"({"minLength": -1})",
                            R"({"minLength": 1.5})",
                            R"({"uniqueItems": 1})",
                            R"({"required": "a"})",
                            R"({"required": ["a", "a"]})",
                            R"({"required": [1]})",
                            R"({"properties": []})",
                            R"({"allOf": []})",
                            R"({"not": 1})",
                            R"({"items": [1]})",
                            R"({"items": []})",
                            R"({"dependencies": {"a": 1}})",
                            R"({"minimun": 1})",
                            R"({"prefixItems": []})",
                            R"({"pattern": "["})",
                            R"json({"pattern": "(?=a)"})json",
                            R"json({"pattern": "(a)\\1"})json",
                            R"({"pattern": 1})",
                            R"({"patternProperties": {"[": {}}})",
                            R"json({"pattern": "((a{100}){100}){100}"})json",
                            R"({"$schema": "https://json-schema.org/draft/2020-12/schema"})",
                            R"({"not": {"$schema": "http://json-schema.org/draft-07/schema#"}})",
                            R"({"not": {"$id": "http://example.com/"}})"}) {
    WhatIsWrong(wrong);
  }
  Compile(R"({"$schema": "http://json-schema.org/draft-07/schema#", "$id": "urn:example"})");
}

TEST(JsonSchemaTest, FetchesNothing) {
  for (const char* reference : {"http://example.com/schema", "other.json", "file:///etc/passwd",
                                "#/definitions/missing", "#anchor", "", "#/allOf/1"}) {
    EXPECT_THAT(WhatIsWrong(R"({"properties": {"x": {"$ref": ")" + std::string(reference) +
                            R"("}}, "allOf": [{}]})"),
                HasSubstr("schema.properties.x.$ref"))
        << reference;
  }
  EXPECT_THAT(WhatIsWrong(R"({"$ref": "#"})"), HasSubstr("back to itself"));
  EXPECT_THAT(WhatIsWrong(R"({"definitions": {"a": {"$ref": "#/definitions/b"},
                                              "b": {"$ref": "#/definitions/a"}}})"),
              HasSubstr("back to itself"));
  EXPECT_THAT(WhatIsWrong(R"({"$ref": "#/definitions/a", "minimum": 1, "definitions": {"a": {}}})"),
              HasSubstr("beside $ref"));
}

TEST(JsonSchemaTest, IsBounded) {
  const auto too_large = JsonSchema::Compile(
      "schema", Parse(R"({"description": ")" + std::string(JsonSchema::kMaxBytes, 'x') + "\"}"));
  EXPECT_TRUE(base::HasReason(too_large.status(), base::Reason::kTooLarge));
  EXPECT_TRUE(JsonSchema::Compile("schema", Nested(32)).ok());
  EXPECT_FALSE(JsonSchema::Compile("schema", Nested(33)).ok());
  EXPECT_THAT(WhatIsWrong(R"({"pattern": ")" + std::string(513, 'x') + "\"}"),
              HasSubstr("512 bytes"));
  std::string patterns;
  for (int i = 0; i <= JsonSchema::kMaxPatterns; ++i) {
    patterns += (i > 0 ? "," : "") + std::string(R"({"pattern": "x"})");
  }
  EXPECT_THAT(WhatIsWrong(R"({"allOf": [)" + patterns + "]}"), HasSubstr("32"));
}

TEST(JsonSchemaTest, NamesNoMoreThanFits) {
  std::string members;
  for (int i = 0; i < 100; ++i) {
    members += (i > 0 ? "," : "") + ("\"" + std::string(1000, 'a') + std::to_string(i) + "\": 1");
  }
  const std::vector<std::string> misfits =
      Check(R"({"additionalProperties": false})", "{" + members + "}");
  EXPECT_THAT(misfits, SizeIs(JsonSchema::kMaxMisfits));
  for (const std::string& misfit : misfits) EXPECT_LT(misfit.size(), 200u);
}

// Each of these would take minutes, or the stack, without a bound on the work.
TEST(JsonSchemaTest, HostileSchemasEnd) {
  std::string doubling = R"("a0": {"type": "object"})";
  for (int i = 1; i < 60; ++i) {
    const std::string before = R"({"$ref": "#/definitions/a)" + std::to_string(i - 1) + "\"}";
    doubling += R"(, "a)" + std::to_string(i) + R"(": {"anyOf": [{"not": )" + before +
                R"(}, {"not": )" + before + "}]}";
  }
  std::string objects;
  for (int i = 0; i < 50'000; ++i) {
    objects +=
        (i > 0 ? "," : "") + std::string(R"({"a": [1, 2, {"b": )") + std::to_string(i) + "}]}";
  }
  const std::string a_lot_of_text(200'000, 'a');
  struct Hostile {
    std::string schema;
    std::string data;
  };
  const std::vector<Hostile> cases = {
      {R"({"$ref": "#/definitions/a59", "definitions": {)" + doubling + "}}", "{}"},
      {R"({"allOf": [{"$ref": "#"}]})", "{}"},
      {R"({"not": {"$ref": "#"}})", "{}"},
      {R"({"if": {"$ref": "#"}, "else": {"$ref": "#"}})", "{}"},
      {R"({"additionalProperties": {"uniqueItems": true, "items": {"uniqueItems": true}}})",
       R"({"x": [)" + objects + "]}"},
      {R"({"properties": {"x": {"pattern": "^(a|aa|a*)*(b|c){200}$"}}})",
       R"({"x": ")" + a_lot_of_text + "\"}"},
  };
  for (const Hostile& hostile : cases) {
    const auto schema = Compile(hostile.schema);
    EXPECT_THAT(Check(*schema, Parse(hostile.data)),
                ElementsAre(HasSubstr("more work to check than is allowed")))
        << hostile.schema.substr(0, 200);
  }
}

// What an honest schema takes stays far below the bound: the largest data there are.
TEST(JsonSchemaTest, LargeDataFit) {
  std::string items;
  for (int i = 0; i < 8'000; ++i) {
    items +=
        (i > 0 ? "," : "") + std::string(R"({"id": "a-)") + std::to_string(i) + R"(", "count": 1})";
  }
  EXPECT_THAT(
      Check(R"({"required": ["items"], "properties": {"items": {"uniqueItems": true, "items": {
                        "type": "object", "required": ["id"], "additionalProperties": false,
                        "properties": {"id": {"type": "string", "pattern": "^a-[0-9]+$"},
                                       "count": {"type": "integer", "minimum": 0}}}}}})",
            R"({"items": [)" + items + "]}"),
      IsEmpty());
}

}  // namespace
}  // namespace gatehouse::service
