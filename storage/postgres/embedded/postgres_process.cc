#include "storage/postgres/embedded/postgres_process.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>

#include "base/reason.h"
#include "base/status.h"
#include "storage/postgres/embedded/postgres_install.h"

namespace gatehouse::storage::postgres::embedded {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How often the server is asked whether it is up, or gone: far below what a
// person notices, far above what the question costs.
constexpr milliseconds kPoll{5};
constexpr size_t kLogTail = 2000;
// 107 bytes for a socket's path, less "/.s.PGSQL.5432.lock".
constexpr size_t kMaxSocketDir = 88;
// SIGKILL is not refused; the wait is for the kernel to take the process apart.
constexpr milliseconds kKillTimeout{10000};

absl::Status Failed(const std::string& message) {
  return base::MakeError(absl::StatusCode::kFailedPrecondition, message,
                         {.reason = base::Reason::kDatabaseUnavailable});
}

// The end of what was logged after the first `from` bytes: an earlier run's trouble is not this
// one's.
std::string LogTail(const std::string& log_file, uintmax_t from) {
  std::ifstream file(log_file);
  file.seekg(static_cast<std::streamoff>(from));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (text.size() > kLogTail) text.erase(0, text.size() - kLogTail);
  return text;
}

uintmax_t LogSize(const std::string& log_file) {
  std::error_code error;
  const uintmax_t size = fs::file_size(log_file, error);
  return error ? 0 : size;
}

// Starts a program under `account` with its output appended to the log.
absl::StatusOr<pid_t> Spawn(const ServerAccount& account, const ClusterOptions& options,
                            const std::vector<std::string>& command) {
  const int log = open(options.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return Failed("open " + options.log_file + ": " + std::strerror(errno));
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  // _Fork, since handlers of fork() may start threads in the child (ThreadSanitizer's does), and a
  // process with threads can not make a user namespace.
  const pid_t pid = _Fork();
  if (pid == 0) {
    // Only async-signal-safe calls: other threads may hold any lock.
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    // Its own process group: Ctrl-C in a terminal is for the parent alone, which
    // then stops Postgres in order.
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    bool ready = account.AssumeInChild() && chdir("/") == 0;
    // After the change of account, which clears it.
    if (ready && options.die_with_parent) {
      ready = prctl(PR_SET_PDEATHSIG, SIGINT) == 0 && getppid() == parent;
    }
    if (ready) execv(argv[0], argv.data());
    const char* why = std::strerror(errno);
    [[maybe_unused]] ssize_t ignored = write(log, why, std::strlen(why));
    _exit(127);
  }
  const int error = errno;
  close(log);
  if (pid < 0) return Failed(std::string("fork: ") + std::strerror(error));
  return pid;
}

// Empty if the process is gone, or goes meanwhile: reading then fails with ESRCH, which
// std::ifstream makes an exception.
std::string ReadProc(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = read(file, buffer, sizeof(buffer))) > 0;) {
    text.append(buffer, static_cast<size_t>(got));
  }
  close(file);
  return text;
}

// False for a zombie as well, which has let go of its shared memory; perhaps nobody reaps it.
bool IsAlive(pid_t pid) {
  const std::string stat = ReadProc("/proc/" + std::to_string(pid) + "/stat");
  // "PID (NAME) STATE ...", where the name may hold anything.
  const size_t name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat[name_end + 2] != 'Z' && stat[name_end + 2] != 'X';
}

absl::Status MakeDirectory(const ServerAccount& account, const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) return Failed("mkdir " + path + ": " + error.message());
  GH_RETURN_IF_ERROR(account.Give(path));
  // Postgres refuses a data directory that others may read.
  if (chmod(path.c_str(), 0700) != 0) {
    return Failed("chmod " + path + ": " + std::strerror(errno));
  }
  return absl::OkStatus();
}

std::vector<pid_t> ChildrenOf(pid_t parent) {
  const std::string pid = std::to_string(parent);
  std::istringstream list(ReadProc("/proc/" + pid + "/task/" + pid + "/children"));
  std::vector<pid_t> children;
  for (pid_t child = 0; list >> child;) children.push_back(child);
  return children;
}

}  // namespace

absl::StatusOr<std::string> FindPostgresBinaries() {
  GH_ASSIGN_OR_RETURN(
      embedded::PostgresInstall install,
      embedded::ChoosePostgres(embedded::InstallSearch::OfThisMachine(), std::nullopt));
  return install.bin_dir;
}

absl::Status RunProgram(const ServerAccount& account, const ClusterOptions& options,
                        const std::vector<std::string>& command) {
  const uintmax_t log_size = LogSize(options.log_file);
  GH_ASSIGN_OR_RETURN(const pid_t pid, Spawn(account, options, command));
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (status == 0) return absl::OkStatus();
  return Failed(fs::path(command.front()).filename().string() + " failed:\n" +
                LogTail(options.log_file, log_size));
}

absl::Status InitCluster(const ServerAccount& account, const ClusterOptions& options, bool sync) {
  GH_RETURN_IF_ERROR(MakeDirectory(account, options.data_dir));
  std::vector<std::string> command = {options.binaries + "/initdb",
                                      "--pgdata=" + options.data_dir,
                                      std::string("--username=") + kClusterUser,
                                      "--auth-local=trust",
                                      "--auth-host=reject",
                                      "--encoding=UTF8",
                                      "--locale=C.UTF-8",
                                      "--data-checksums"};
  if (!sync) command.push_back("--no-sync");
  return RunProgram(account, options, command);
}

PostgresProcess::PostgresProcess(ClusterOptions options, pid_t pid)
    : options_(std::move(options)), pid_(pid) {}

PostgresProcess::~PostgresProcess() { Stop(kKillTimeout); }

absl::StatusOr<std::unique_ptr<PostgresProcess>> PostgresProcess::Start(
    const ServerAccount& account, ClusterOptions options, milliseconds timeout) {
  if (options.socket_dir.size() > kMaxSocketDir) {
    return Failed("the path of the socket directory is longer than " +
                  std::to_string(kMaxSocketDir) + " bytes: " + options.socket_dir);
  }
  GH_RETURN_IF_ERROR(MakeDirectory(account, options.socket_dir));
  std::vector<std::string> command = {options.binaries + "/postgres",
                                      "-D",
                                      options.data_dir,
                                      "-c",
                                      "listen_addresses=",
                                      "-c",
                                      "unix_socket_directories=" + options.socket_dir};
  for (const auto& [name, value] : options.settings) {
    command.push_back("-c");
    command.push_back(name + "=" + value);
  }
  const uintmax_t log_size = LogSize(options.log_file);
  GH_ASSIGN_OR_RETURN(const pid_t pid, Spawn(account, options, command));
  std::unique_ptr<PostgresProcess> process(new PostgresProcess(std::move(options), pid));
  const std::string dsn = process->Dsn("postgres");
  const steady_clock::time_point give_up = steady_clock::now() + timeout;
  while (PQping(dsn.c_str()) != PQPING_OK) {
    if (!process->IsRunning()) {
      return Failed("Postgres did not start:\n" + LogTail(process->options_.log_file, log_size));
    }
    if (steady_clock::now() > give_up) {
      return Failed("Postgres does not answer:\n" + LogTail(process->options_.log_file, log_size));
    }
    std::this_thread::sleep_for(kPoll);
  }
  return process;
}

std::string PostgresProcess::Dsn(const std::string& name) const {
  return "host=" + options_.socket_dir + " user=" + kClusterUser + " dbname=" + name;
}

bool PostgresProcess::IsRunning() {
  if (running_ && waitpid(pid_, nullptr, WNOHANG) != 0) running_ = false;
  return running_;
}

bool PostgresProcess::WaitForEnd(milliseconds timeout) {
  const steady_clock::time_point give_up = steady_clock::now() + timeout;
  while (IsRunning()) {
    if (steady_clock::now() > give_up) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

void PostgresProcess::Stop(milliseconds timeout) {
  if (!IsRunning()) return;
  // A server that was suspended (SIGSTOP) hears nothing; nor do its backends, for which it waits.
  for (const pid_t child : ChildrenOf(pid_)) kill(child, SIGCONT);
  kill(pid_, SIGCONT);
  kill(pid_, SIGINT);
  if (WaitForEnd(timeout)) return;
  kill(pid_, SIGQUIT);
  if (!WaitForEnd(kKillTimeout)) Kill9();
}

void PostgresProcess::Kill9() {
  if (!IsRunning()) return;
  // Backends outlive their parent for a moment, and no new server starts on the
  // data directory meanwhile; so they go first and are waited for.
  kill(pid_, SIGSTOP);
  const std::vector<pid_t> backends = ChildrenOf(pid_);
  for (const pid_t child : backends) kill(child, SIGKILL);
  kill(pid_, SIGKILL);
  WaitForEnd(kKillTimeout);
  for (const pid_t child : backends) {
    while (IsAlive(child)) std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace gatehouse::storage::postgres::embedded
