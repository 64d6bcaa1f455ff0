#include "service/common/field_mask.h"

#include <google/protobuf/field_mask.pb.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "gatehouse/v1/user.pb.h"

namespace gatehouse::service {
namespace {

constexpr std::string_view kFields[] = {"username", "email", "metadata"};

google::protobuf::FieldMask Mask(std::initializer_list<const char*> paths) {
  google::protobuf::FieldMask mask;
  for (const char* path : paths) mask.add_paths(path);
  return mask;
}

TEST(FieldMaskTest, ResolvesNamesOnceInOrder) {
  const auto fields = ResolveMask("update_mask", Mask({"email", "username", "email"}), kFields);
  ASSERT_TRUE(fields.ok());
  EXPECT_EQ(*fields, (std::vector<std::string>{"username", "email"}));
}

TEST(FieldMaskTest, StarMeansEverythingThatCanBeChanged) {
  const auto fields = ResolveMask("update_mask", Mask({"*"}), kFields);
  ASSERT_TRUE(fields.ok());
  EXPECT_EQ(*fields, (std::vector<std::string>{"username", "email", "metadata"}));
}

TEST(FieldMaskTest, ListsEveryUnknownPath) {
  const auto fields =
      ResolveMask("update_mask", Mask({"email", "id", "metadata.key", "nonsense"}), kFields);
  ASSERT_FALSE(fields.ok());
  const auto details = base::GetErrorDetails(fields.status());
  ASSERT_TRUE(details);
  EXPECT_EQ(details->reason, base::Reason::kUnknownField);
  ASSERT_EQ(details->violations.size(), 3u);
  EXPECT_NE(details->violations[1].description.find("metadata.key"), std::string::npos);
  EXPECT_NE(details->violations[0].description.find("username, email, metadata"),
            std::string::npos);
}

TEST(FieldMaskTest, AHugeMaskMakesASmallError) {
  google::protobuf::FieldMask mask;
  for (int i = 0; i < 10000; ++i) mask.add_paths(std::string(1000, 'x'));
  const auto fields = ResolveMask("update_mask", mask, kFields);
  EXPECT_LT(fields.status().ToString().size(), 8192u);
}

TEST(FieldMaskTest, AnEmptyMaskIsRefused) {
  EXPECT_TRUE(base::HasReason(ResolveMask("update_mask", {}, kFields).status(),
                              base::Reason::kInvalidField));
}

TEST(CopyFieldsTest, CopiesNamedFieldsAndClearsUnsetOnes) {
  v1::User from;
  from.set_username("new");
  from.set_bio("not copied");
  v1::User to;
  to.set_username("old");
  to.set_email("old@example.com");
  to.set_bio("kept");
  (*to.mutable_metadata()->mutable_fields())["a"].set_bool_value(true);
  (*from.mutable_metadata()->mutable_fields())["b"].set_bool_value(true);
  CopyFields(from, std::vector<std::string>{"username", "email", "metadata"}, to);
  EXPECT_EQ(to.username(), "new");
  EXPECT_EQ(to.email(), "");
  EXPECT_EQ(to.bio(), "kept");
  // Replaced, not merged: a mask that names a message means all of it.
  EXPECT_FALSE(to.metadata().fields().contains("a"));
  EXPECT_TRUE(to.metadata().fields().contains("b"));
}

}  // namespace
}  // namespace gatehouse::service
