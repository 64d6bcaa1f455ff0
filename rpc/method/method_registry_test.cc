#include "rpc/method/method_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "gatehouse/test/echo.pb.h"

namespace gatehouse::rpc {
namespace {

using gatehouse::test::CountRequest;
using gatehouse::test::EchoRequest;
using gatehouse::test::EchoResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::Task<absl::StatusOr<EchoResponse>> Nothing() { co_return EchoResponse(); }

template <typename Request>
void AddUnary(MethodRegistry& registry, const std::string& name) {
  registry.AddUnary<Request, EchoResponse>(name,
                                           [](base::CallContext, Request) { return Nothing(); });
}

std::optional<int> EchoUseIs7(std::string_view permission) {
  if (permission == "echo.use") return 7;
  return std::nullopt;
}

std::string ValidationError(MethodRegistry& registry) {
  return std::string(registry.Validate(EchoUseIs7).message());
}

TEST(MethodRegistryTest, ReadsThePolicyFromTheProto) {
  MethodRegistry registry;
  AddUnary<EchoRequest>(registry, "/gatehouse.test.GuardedService/Guarded");
  ASSERT_TRUE(registry.Validate(EchoUseIs7).ok());
  const Method* method = registry.Find("/gatehouse.test.GuardedService/Guarded");
  ASSERT_NE(method, nullptr);
  EXPECT_EQ(method->info.access.permission, "echo.use");
  EXPECT_EQ(method->info.access.permission_number, 7);
  EXPECT_TRUE(method->info.access.self);
  EXPECT_FALSE(method->info.access.is_public);
  EXPECT_EQ(method->info.max_request_bytes, 1'000'000u);
  EXPECT_TRUE(method->info.served_first);
  EXPECT_THAT(registry.ServiceNames(), ElementsAre("gatehouse.test.GuardedService"));
}

TEST(MethodRegistryTest, AMethodTakes64KibInItsTurnWhereItsProtoSaysNothing) {
  MethodRegistry registry;
  AddUnary<EchoRequest>(registry, "/gatehouse.test.EchoService/Echo");
  const MethodInfo& info = registry.Find("/gatehouse.test.EchoService/Echo")->info;
  EXPECT_EQ(info.max_request_bytes, 65'536u);
  EXPECT_FALSE(info.served_first);
}

TEST(MethodRegistryTest, NamesAMethodWithoutAnAccessOption) {
  MethodRegistry registry;
  AddUnary<EchoRequest>(registry, "/gatehouse.test.BareService/WithoutOption");
  EXPECT_THAT(ValidationError(registry),
              HasSubstr("/gatehouse.test.BareService/WithoutOption has no "
                        "(gatehouse.v1.access) option"));
}

TEST(MethodRegistryTest, NamesMethodsWithoutAHandler) {
  MethodRegistry registry;
  AddUnary<EchoRequest>(registry, "/gatehouse.test.EchoService/Echo");
  const std::string error = ValidationError(registry);
  EXPECT_THAT(error, HasSubstr("/gatehouse.test.EchoService/Count has no handler"));
  EXPECT_THAT(error, HasSubstr("/gatehouse.test.EchoService/Chat has no handler"));
}

TEST(MethodRegistryTest, NamesServicesOfThePackageNobodyRegistered) {
  MethodRegistry registry;
  AddUnary<EchoRequest>(registry, "/gatehouse.test.GuardedService/Guarded");
  EXPECT_TRUE(registry.Validate(EchoUseIs7).ok());
  EXPECT_TRUE(registry.Validate(EchoUseIs7, "gatehouse.tes").ok());
  const absl::Status status = registry.Validate(EchoUseIs7, "gatehouse.test");
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("/gatehouse.test.EchoService/Echo has no handler"));
}

TEST(MethodRegistryTest, NamesAnUnknownPermission) {
  MethodRegistry registry;
  AddUnary<EchoRequest>(registry, "/gatehouse.test.GuardedService/Guarded");
  const absl::Status status = registry.Validate([](std::string_view) { return std::nullopt; });
  EXPECT_THAT(std::string(status.message()), HasSubstr("unknown permission: 'echo.use'"));
}

TEST(MethodRegistryTest, RefusesOtherMessagesThanDeclared) {
  MethodRegistry registry;
  AddUnary<CountRequest>(registry, "/gatehouse.test.GuardedService/Guarded");
  EXPECT_THAT(ValidationError(registry), HasSubstr("/gatehouse.test.GuardedService/Guarded"));
}

TEST(MethodRegistryTest, RefusesAnotherKindThanDeclared) {
  MethodRegistry registry;
  AddUnary<CountRequest>(registry, "/gatehouse.test.EchoService/Count");
  EXPECT_THAT(ValidationError(registry),
              HasSubstr("/gatehouse.test.EchoService/Count is registered with another kind"));
}

TEST(MethodRegistryTest, RefusesNamesThatNoProtoDeclares) {
  MethodRegistry registry;
  AddUnary<EchoRequest>(registry, "/gatehouse.test.EchoService/Nothing");
  AddUnary<EchoRequest>(registry, "Echo");
  const std::string error = ValidationError(registry);
  EXPECT_THAT(error, HasSubstr("/gatehouse.test.EchoService/Nothing is in no .proto file"));
  EXPECT_THAT(error, HasSubstr("Echo is not of the form"));
}

TEST(MethodRegistryTest, RefusesASecondHandler) {
  MethodRegistry registry;
  AddUnary<EchoRequest>(registry, "/gatehouse.test.GuardedService/Guarded");
  AddUnary<EchoRequest>(registry, "/gatehouse.test.GuardedService/Guarded");
  EXPECT_THAT(ValidationError(registry), HasSubstr("Guarded is registered twice"));
}

}  // namespace
}  // namespace gatehouse::rpc
