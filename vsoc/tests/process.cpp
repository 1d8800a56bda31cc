// SPDX-License-Identifier: BSD-3-Clause
#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace qtee::vsoc::test {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void fd_close(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}

}  // namespace

Process::Process(const std::vector<std::string>& words, std::string input, const Environment& changes)
    : input_(std::move(input)) {
  ::signal(SIGPIPE, SIG_IGN);
  int in[2], out[2], err[2];
  for (int* ends : {in, out, err})
    if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
  pid_ = fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    setpgid(0, 0);
    ::signal(SIGPIPE, SIG_DFL);
    dup2(in[0], 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    for (const auto& [name, value] : changes) setenv(name.c_str(), value.c_str(), 1);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
  for (const int fd : {in_, out_, err_}) fcntl(fd, F_SETFL, O_NONBLOCK);
  if (input_.empty()) fd_close(in_);
}

Process::~Process() {
  if (outcome_.status < 0) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (int* fd : {&in_, &out_, &err_}) fd_close(*fd);
}

bool Process::move(int timeout_ms) {
  pollfd set[] = {{input_.empty() ? -1 : in_, POLLOUT, 0}, {out_, POLLIN, 0}, {err_, POLLIN, 0}};
  if (poll(set, 3, timeout_ms) < 0 && errno != EINTR) fail("poll");
  if (in_ >= 0 && set[0].revents != 0) {
    const ssize_t written = write(in_, input_.data(), input_.size());
    if (written > 0) input_.erase(0, static_cast<std::size_t>(written));
    if ((written < 0 && errno != EAGAIN) || (input_.empty() && !input_open_)) fd_close(in_);
  }
  for (auto [fd, text] : {std::pair(&out_, &outcome_.out), std::pair(&err_, &outcome_.err)}) {
    if (*fd < 0) continue;
    char part[65536];
    const ssize_t got = read(*fd, part, sizeof part);
    if (got > 0) text->append(part, static_cast<std::size_t>(got));
    if (got == 0) fd_close(*fd);
  }
  return out_ >= 0 || err_ >= 0;
}

bool Process::wait_for(const std::string& text, std::chrono::seconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  const auto found = [&] { return outcome_.out.find(text) != text.npos || outcome_.err.find(text) != text.npos; };
  while (!found()) {
    const bool open = move(100);
    if (!open || std::chrono::steady_clock::now() > deadline) return found();
  }
  return true;
}

const Outcome& Process::wait(std::chrono::seconds limit) {
  input_open_ = false;
  if (input_.empty()) fd_close(in_);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (move(100))
    if (std::chrono::steady_clock::now() > deadline) kill(-pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  outcome_.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return outcome_;
}

void Process::signal(int number) { kill(pid_, number); }

Outcome run(const std::vector<std::string>& words, std::string input, const Process::Environment& changes,
            std::chrono::seconds limit) {
  return Process(words, std::move(input), changes).wait(limit);
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "qtee-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) fail("mkdtemp");
  path_ = name;
}

Folder::~Folder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

}  // namespace qtee::vsoc::test
