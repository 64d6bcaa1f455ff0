#include "service/common/json.h"

#include <google/protobuf/struct.pb.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/status.h"

namespace gatehouse::service {
namespace {

using google::protobuf::Struct;
using google::protobuf::Value;

Value& Set(Struct& object, const std::string& name) { return (*object.mutable_fields())[name]; }

TEST(JsonTest, WritesSortedCompactTextAndReadsItBack) {
  Struct object;
  Set(object, "z").set_number_value(1);
  Set(object, "a").set_string_value("\"\n\u00e9");
  Set(object, "m").mutable_list_value()->add_values()->set_bool_value(true);
  Set(*Set(object, "o").mutable_struct_value(), "n").set_null_value(google::protobuf::NULL_VALUE);
  Set(object, "d").set_number_value(0.1);
  const auto json = JsonFromStruct("metadata", object);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json, "{\"a\":\"\\\"\\n\u00e9\",\"d\":0.1,\"m\":[true],\"o\":{\"n\":null},\"z\":1}");
  Struct again;
  ASSERT_TRUE(StructFromJson(*json, &again).ok());
  EXPECT_EQ(*JsonFromStruct("metadata", again), *json);
}

TEST(JsonTest, RefusesWhatJsonDoesNotHave) {
  for (const double number :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Struct object;
    Set(object, "x").set_number_value(number);
    EXPECT_TRUE(
        base::HasReason(JsonFromStruct("metadata", object).status(), base::Reason::kInvalidField));
  }
  Struct unset;
  Set(unset, "x");
  EXPECT_FALSE(JsonFromStruct("metadata", unset).ok());
  Struct nul;
  Set(nul, "x").set_string_value(std::string("a\0b", 3));
  EXPECT_FALSE(JsonFromStruct("metadata", nul).ok());
}

TEST(JsonTest, LimitsSizeAndDepth) {
  Struct large;
  Set(large, "x").set_string_value(std::string(100, 'x'));
  EXPECT_TRUE(JsonFromStruct("metadata", large, {.max_bytes = 108}).ok());
  EXPECT_TRUE(base::HasReason(JsonFromStruct("metadata", large, {.max_bytes = 107}).status(),
                              base::Reason::kTooLarge));
  Struct deep;
  Struct* inner = &deep;
  for (int i = 0; i < 3; ++i) inner = Set(*inner, "x").mutable_struct_value();
  EXPECT_TRUE(JsonFromStruct("metadata", deep, {.max_depth = 4}).ok());
  EXPECT_FALSE(JsonFromStruct("metadata", deep, {.max_depth = 3}).ok());
}

TEST(JsonTest, CountsTheDigitsThatTheDatabaseGivesBack) {
  for (const double number : {1e300, -1e-300}) {
    Struct object;
    Set(object, "x").set_number_value(number);
    EXPECT_TRUE(JsonFromStruct("metadata", object, {.max_bytes = 320}).ok());
    EXPECT_TRUE(base::HasReason(JsonFromStruct("metadata", object, {.max_bytes = 300}).status(),
                                base::Reason::kTooLarge));
  }
}

TEST(JsonTest, AnyValueComesBack) {
  for (const std::string_view json :
       {R"("Hello")", "null", "true", "-1.5", "[]", R"([{"text":"a","type":"text"},[1]])", "{}"}) {
    google::protobuf::Value value;
    ASSERT_TRUE(ValueFromJson(json, &value).ok()) << json;
    const auto again = JsonFromValue("content", value, {.max_bytes = json.size()});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(*again, json);
  }
  EXPECT_FALSE(JsonFromValue("content", google::protobuf::Value()).ok());
  google::protobuf::Value deep;
  ASSERT_TRUE(ValueFromJson("[[1]]", &deep).ok());
  EXPECT_TRUE(JsonFromValue("content", deep, {.max_depth = 2}).ok());
  EXPECT_FALSE(JsonFromValue("content", deep, {.max_depth = 1}).ok());
}

TEST(JsonTest, AStoredTextThatIsNoObjectIsAnInternalError) {
  Struct object;
  EXPECT_TRUE(base::HasReason(StructFromJson("[1", &object), base::Reason::kInternal));
}

TEST(JsonObjectTest, BuildsObjects) {
  EXPECT_EQ(JsonObject().ToString(), "{}");
  EXPECT_EQ(JsonObject()
                .Add("fields", std::vector<std::string>{"a", "b\""})
                .Add("reason", "X")
                .AddNumber("count", 3)
                .AddBool("all", true)
                .ToString(),
            R"({"fields":["a","b\""],"reason":"X","count":3,"all":true})");
}

}  // namespace
}  // namespace gatehouse::service
