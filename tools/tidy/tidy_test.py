"""Every rule of tidy.py must reject what it bans and accept its neighbour."""

import unittest

from tools.tidy import tidy


def problems(path, *lines):
    text = "\n".join(lines) + "\n"
    if path.endswith(".h"):
        text = f"#ifndef {tidy.guard_name(path)}\n" + text
    return [what for _, what in tidy.check_file(path, text)]


class TidyTest(unittest.TestCase):
    def assert_bad(self, path, line):
        self.assertEqual(len(problems(path, line)), 1, (path, line))

    def assert_good(self, path, line):
        self.assertEqual(problems(path, line), [], (path, line))

    def test_layers(self):
        self.assert_bad("base/a.cc", '#include "storage/user/user.h"')
        self.assert_good("base/a.cc", '#include "base/b.h"')
        self.assert_good("base/a.cc", '#include "absl/status/status.h"')
        self.assert_bad("storage/postgres/a.cc", '#include "gatehouse/v1/user.pb.h"')
        self.assert_bad("storage/postgres/a.cc", "#include <grpcpp/grpcpp.h>")
        self.assert_bad("auth/token/a.cc", '#include "rpc/transport.h"')
        self.assert_bad("rpc/a.cc", '#include "storage/user/user.h"')
        self.assert_bad("rpc/a.cc", "#include <grpcpp/grpcpp.h>")
        self.assert_good("tests/bench/a.cc", "#include <grpcpp/grpcpp.h>")
        self.assert_good("auth/a.cc", '#include "storage/user/user.h"')
        self.assert_good("auth/interceptors/a.h", '#include "rpc/chain/interceptor.h"')

    def test_messages_only_in_service_headers(self):
        self.assert_bad("tools/a.h", '#include "gatehouse/v1/user.pb.h"')
        self.assert_good("service/a.h", '#include "gatehouse/v1/user.pb.h"')

    def test_tests_may_use_the_test_support(self):
        self.assert_good("base/a_test.cc", '#include "tests/support/coroutine/loop_runner.h"')
        self.assert_bad("base/a.cc", '#include "tests/support/coroutine/loop_runner.h"')

    def test_every_folder_of_statements_is_prepared(self):
        paths = ["storage/user/queries/get.sql", "storage/role/queries/get.sql", "storage/role/role_store.cc"]
        listed = '    "user",\n'
        self.assertEqual(list(tidy.check_queries(paths, listed)), ["role"])
        self.assertEqual(list(tidy.check_queries(paths, '    "role",\n' + listed)), [])

    def test_driver_stays_out_of_storage_headers(self):
        self.assert_bad("storage/user/user.h", "#include <libpq-fe.h>")
        self.assert_good("storage/postgres/client/lanes/lane.h", "#include <libpq-fe.h>")
        self.assert_good("storage/user/user_rows.h", '#include "storage/postgres/client/row.h"')

    def test_namespaces_follow_folders(self):
        def wrong(*files):
            return [path for path, _, _ in tidy.check_namespaces(files)]

        body = " {\nint a();\n}\n"
        self.assertEqual(wrong(("auth/token/a.h", "namespace gatehouse::auth" + body)), [])
        self.assertEqual(wrong(("auth/token/a.h", "namespace gatehouse::auth::token" + body)), [])
        self.assertEqual(wrong(("auth/token/a.h", "namespace gatehouse::service" + body)), ["auth/token/a.h"])
        self.assertEqual(wrong(("auth/a.h", "namespace gatehouse::auth::a_internal" + body)), [])
        self.assertEqual(wrong(("auth/a.h", "namespace gatehouse::storage {\nclass Store;\n}\n")), [])
        mixed = [("auth/token/a.h", "namespace gatehouse::auth" + body), ("auth/token/b.h", "namespace gatehouse::auth::token" + body)]
        self.assertEqual(wrong(*mixed), ["auth/token/b.h"])

    def test_asio(self):
        self.assert_bad("auth/a.cc", "#include <asio/post.hpp>")
        self.assert_good("base/async/loop.cc", "#include <asio/post.hpp>")
        self.assert_bad("base/async/loop.h", "#include <asio/io_context.hpp>")
        self.assert_good("base/async/loop.h", "asio::io_context& io();")
        self.assert_bad("base/async/loop.cc", "asio::co_spawn(x, y, asio::detached);")

    def test_locks(self):
        self.assert_bad("auth/a.cc", "std::mutex mutex_;")
        self.assert_good("base/async/mutex.h", "std::mutex mutex_;")
        self.assert_bad("auth/a.cc", "absl::Mutex mutex_;")

    def test_time_and_chance(self):
        self.assert_bad("auth/a.cc", "std::chrono::system_clock::now();")
        self.assert_good("base/time.h", "std::chrono::system_clock::now();")
        self.assert_bad("auth/a_test.cc", "std::this_thread::sleep_for(1s);")
        self.assert_bad("auth/a.cc", "std::mt19937 generator;")

        self.assert_good("storage/postgres/embedded/a.cc", "std::this_thread::sleep_for(1s);")

    def test_visibility(self):
        self.assert_bad("storage/BUILD.bazel", 'visibility = ["//visibility:public"],')
        self.assert_good("base/BUILD.bazel", 'visibility = ["//visibility:public"],')

    def test_headers(self):
        self.assert_bad("auth/a.h", "using namespace std;")
        self.assertEqual(len(list(tidy.check_file("auth/a.h", "#ifndef A_H\n"))), 1)

    def test_printing(self):
        self.assert_bad("auth/a.cc", "std::cout << 1;")
        self.assert_good("service/main/a.cc", "std::cout << 1;")
        self.assert_good("auth/a.cc", 'std::fprintf(stderr, "out of memory"); std::abort();')

    def test_comments_may_name_what_is_banned(self):
        self.assert_good("auth/a.cc", "int a;  // not std::mutex: never contended")

    def test_unfinished(self):
        self.assert_bad("docs/a.md", "TODO: write")
        self.assert_bad("tools/dev", "# FIXME")

    def test_size(self):
        self.assertEqual(problems("auth/a.cc", *["x"] * 400), [])
        self.assertEqual(len(problems("auth/a.cc", *["x"] * 401)), 1)
        self.assertEqual(problems("auth/a_test.cc", *["x"] * 401), [])
