import unittest

from tools import api_methods
from tools.api_methods import Method

_PROTO = """// service Old {
message GetUserRequest {
}

service UserService {
  // Returns a user. See rpc ListUsers(ListUsersRequest) returns (ListUsersResponse).
  rpc GetUser(GetUserRequest) returns (GetUserResponse) {
    option (access) = {permission: "users.read"};
  }
  rpc TailUsers(TailUsersRequest) returns (stream TailUsersResponse) {
    option (access) = {permission: "users.read"};
  }
  rpc PullUsers(stream PullUsersRequest) returns (stream PullUsersResponse) {
    option (access) = {permission: "users.read"};
  }
}

service Empty {
}
"""


class ApiMethodsTest(unittest.TestCase):
    def test_finds_the_methods_of_each_service(self):
        self.assertEqual(
            api_methods.parse(_PROTO),
            {
                "UserService": [Method("GetUser", False), Method("TailUsers", True), Method("PullUsers", True)],
                "Empty": [],
            },
        )

    def test_finds_nothing_where_there_is_nothing(self):
        self.assertEqual(api_methods.parse('syntax = "proto3";\n'), {})
