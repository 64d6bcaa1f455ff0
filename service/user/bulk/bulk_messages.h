#ifndef GATEHOUSE_SERVICE_USER_BULK_BULK_MESSAGES_H_
#define GATEHOUSE_SERVICE_USER_BULK_BULK_MESSAGES_H_

// What the methods of this folder take and answer, by name: the messages are for .cc files.
namespace gatehouse::v1 {
class EraseUserRequest;
class EraseUserResponse;
class ExportUserRequest;
class ExportUserResponse;
class ImportUsersRequest;
class ImportUsersResponse;
class PurgeUserRequest;
class PurgeUserResponse;
}  // namespace gatehouse::v1

#endif  // GATEHOUSE_SERVICE_USER_BULK_BULK_MESSAGES_H_
