#include "rpc/services/reflection_service.h"

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "rpc/echo_fixture.h"

namespace gatehouse::rpc {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

template <typename RequestT, typename ResponseT>
struct Version {
  using Request = RequestT;
  using Response = ResponseT;
};

using V1 = Version<grpc::reflection::v1::ServerReflectionRequest,
                   grpc::reflection::v1::ServerReflectionResponse>;
using V1Alpha = Version<grpc::reflection::v1alpha::ServerReflectionRequest,
                        grpc::reflection::v1alpha::ServerReflectionResponse>;

template <typename T>
class ReflectionServiceTest : public EchoFixture {
 protected:
  using Request = typename T::Request;
  using Response = typename T::Response;

  ReflectionServiceTest() {
    StartServer();
    std::string service = Request::descriptor()->file()->package() + ".ServerReflection";
    stream_ = client_->Open("/" + service + "/ServerReflectionInfo");
  }

  Response Ask(const Request& request) {
    EXPECT_TRUE(stream_->Write(request.SerializeAsString()));
    std::string bytes;
    Response response;
    EXPECT_TRUE(stream_->Read(&bytes) && response.ParseFromString(bytes));
    return response;
  }

  static std::vector<std::string> FileNames(const Response& response) {
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      EXPECT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    return names;
  }

  std::unique_ptr<tests::ClientStream> stream_;
};

using Versions = ::testing::Types<V1, V1Alpha>;
TYPED_TEST_SUITE(ReflectionServiceTest, Versions);

TYPED_TEST(ReflectionServiceTest, ListsTheRegisteredServices) {
  typename TypeParam::Request request;
  request.set_list_services("");
  std::vector<std::string> names;
  const auto response = this->Ask(request);
  for (const auto& service : response.list_services_response().service()) {
    names.push_back(service.name());
  }
  EXPECT_THAT(names, ElementsAre("gatehouse.test.EchoService", "grpc.health.v1.Health",
                                 "grpc.reflection.v1.ServerReflection",
                                 "grpc.reflection.v1alpha.ServerReflection"));
}

TYPED_TEST(ReflectionServiceTest, DescribesASymbolWithAllItsImports) {
  typename TypeParam::Request request;
  request.set_file_containing_symbol("gatehouse.test.EchoService.Echo");
  EXPECT_THAT(this->FileNames(this->Ask(request)),
              ElementsAre("google/protobuf/descriptor.proto", "gatehouse/v1/access.proto",
                          "google/api/field_behavior.proto", "gatehouse/test/echo.proto"));
}

TYPED_TEST(ReflectionServiceTest, TellsTheNamesOfFieldsInJson) {
  typename TypeParam::Request request;
  request.set_file_containing_symbol(TypeParam::Request::descriptor()->full_name());
  google::protobuf::FileDescriptorProto file;
  ASSERT_TRUE(file.ParseFromString(
      *this->Ask(request).file_descriptor_response().file_descriptor_proto().rbegin()));
  std::vector<std::string> names;
  for (const auto& field : file.message_type(0).field()) names.push_back(field.json_name());
  EXPECT_THAT(names, Contains("fileByFilename"));
}

TYPED_TEST(ReflectionServiceTest, FindsFilesAndExtensions) {
  typename TypeParam::Request by_name;
  by_name.set_file_by_filename("gatehouse/v1/access.proto");
  EXPECT_THAT(this->FileNames(this->Ask(by_name)), Contains("gatehouse/v1/access.proto"));

  typename TypeParam::Request extension;
  extension.mutable_file_containing_extension()->set_containing_type(
      "google.protobuf.MethodOptions");
  extension.mutable_file_containing_extension()->set_extension_number(50601);
  EXPECT_THAT(this->FileNames(this->Ask(extension)), Contains("gatehouse/v1/access.proto"));

  typename TypeParam::Request numbers;
  numbers.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  const auto response = this->Ask(numbers);
  EXPECT_THAT(response.all_extension_numbers_response().extension_number(), Contains(50601));
}

TYPED_TEST(ReflectionServiceTest, AnswersWhatItDoesNotKnowWithAnErrorAndGoesOn) {
  typename TypeParam::Request unknown;
  unknown.set_file_containing_symbol("no.Such");
  EXPECT_EQ(this->Ask(unknown).error_response().error_code(), 5);
  EXPECT_EQ(this->Ask(typename TypeParam::Request()).error_response().error_code(), 3);
  typename TypeParam::Request list;
  list.set_list_services("");
  EXPECT_TRUE(this->Ask(list).has_list_services_response());
}

}  // namespace
}  // namespace gatehouse::rpc
