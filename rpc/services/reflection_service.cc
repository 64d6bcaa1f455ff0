#include "rpc/services/reflection_service.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/async/mutex.h"
#include "base/async/task.h"
#include "base/call_context.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"
#include "rpc/method/message_stream.h"

namespace gatehouse::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

const DescriptorPool& Pool() { return *DescriptorPool::generated_pool(); }

template <typename Response>
void SetError(absl::StatusCode code, std::string_view message, Response& response) {
  response.mutable_error_response()->set_error_code(static_cast<int>(code));
  response.mutable_error_response()->set_error_message(std::string(message));
}

// The files of the program as their descriptors say. Each is worked out when it is first asked for,
// which takes far longer than to send it. Thread-safe.
class FileBytes {
 public:
  // Good for ever.
  const std::string& Of(const FileDescriptor* file) GH_EXCLUDES(mutex_) {
    const base::MutexLock lock(mutex_);
    const auto [it, added] = bytes_.try_emplace(file);
    if (!added) return it->second;
    google::protobuf::FileDescriptorProto proto;
    file->CopyTo(&proto);
    // As protoc's own descriptors have them; who makes JSON of messages uses these names.
    file->CopyJsonNameTo(&proto);
    it->second = proto.SerializeAsString();
    return it->second;
  }

 private:
  base::Mutex mutex_;
  // References into it stay valid when it grows.
  std::unordered_map<const FileDescriptor*, std::string> bytes_ GH_GUARDED_BY(mutex_);
};

FileBytes& Files() {
  static FileBytes& files = *new FileBytes();
  return files;
}

// A file after everything it imports, each once.
template <typename FileResponse>
void AddWithImports(const FileDescriptor* file, std::set<const FileDescriptor*>& added,
                    FileResponse& response) {
  if (!added.insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) {
    AddWithImports(file->dependency(i), added, response);
  }
  response.add_file_descriptor_proto(Files().Of(file));
}

template <typename Response>
void SetFile(const FileDescriptor* file, std::string_view wanted, Response& response) {
  if (file == nullptr) {
    SetError(absl::StatusCode::kNotFound, "not found: " + std::string(wanted), response);
    return;
  }
  std::set<const FileDescriptor*> added;
  AddWithImports(file, added, *response.mutable_file_descriptor_response());
}

const FileDescriptor* FindExtension(const std::string& type, int number) {
  const Descriptor* message = Pool().FindMessageTypeByName(type);
  if (message == nullptr) return nullptr;
  const FieldDescriptor* extension = Pool().FindExtensionByNumber(message, number);
  return extension == nullptr ? nullptr : extension->file();
}

template <typename Response>
void SetExtensionNumbers(const std::string& type, Response& response) {
  const Descriptor* message = Pool().FindMessageTypeByName(type);
  if (message == nullptr) {
    SetError(absl::StatusCode::kNotFound, "not found: " + type, response);
    return;
  }
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(message, &extensions);
  auto& numbers = *response.mutable_all_extension_numbers_response();
  numbers.set_base_type_name(type);
  for (const FieldDescriptor* extension : extensions) {
    numbers.add_extension_number(extension->number());
  }
}

template <typename Request, typename Response>
Response Answer(const Request& request, const std::vector<std::string>& services) {
  Response response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Request::kFileByFilename:
      SetFile(Pool().FindFileByName(request.file_by_filename()), request.file_by_filename(),
              response);
      break;
    case Request::kFileContainingSymbol:
      SetFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()),
              request.file_containing_symbol(), response);
      break;
    case Request::kFileContainingExtension: {
      const auto& wanted = request.file_containing_extension();
      SetFile(FindExtension(wanted.containing_type(), wanted.extension_number()),
              wanted.containing_type(), response);
      break;
    }
    case Request::kAllExtensionNumbersOfType:
      SetExtensionNumbers(request.all_extension_numbers_of_type(), response);
      break;
    case Request::kListServices:
      // Set also if there are none.
      response.mutable_list_services_response();
      for (const std::string& name : services) {
        response.mutable_list_services_response()->add_service()->set_name(name);
      }
      break;
    default:
      SetError(absl::StatusCode::kInvalidArgument, "the request asks for nothing", response);
  }
  return response;
}

template <typename Request, typename Response>
base::Task<absl::Status> Serve(base::CallContext context, Reader<Request> reader,
                               Writer<Response> writer, const std::vector<std::string>* services) {
  while (true) {
    // Made anew for each, so that a silent stream keeps nothing of what came before.
    Request request;
    const bool more = co_await reader.Read(&request);
    if (!more) break;
    const Response response = Answer<Request, Response>(request, *services);
    const bool written = co_await writer.Write(response);
    if (!written) break;
  }
  co_return absl::OkStatus();
}

template <typename Request, typename Response>
void Add(std::string_view name, MethodRegistry& registry,
         const std::vector<std::string>* services) {
  registry.AddBidiStreaming<Request, Response>(
      name,
      [services](base::CallContext context, Reader<Request> reader, Writer<Response> writer) {
        return Serve<Request, Response>(std::move(context), reader, writer, services);
      },
      MethodRegistry::Foreign{.access = {.is_public = true}, .client_speaks_first = true});
}

}  // namespace

void ReflectionService::Register(MethodRegistry& registry) {
  Add<grpc::reflection::v1::ServerReflectionRequest,
      grpc::reflection::v1::ServerReflectionResponse>(
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", registry, &services_);
  Add<grpc::reflection::v1alpha::ServerReflectionRequest,
      grpc::reflection::v1alpha::ServerReflectionResponse>(
      "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", registry, &services_);
}

}  // namespace gatehouse::rpc
