// SPDX-License-Identifier: BSD-3-Clause
#include "tool.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace qtee::test {
namespace {

FileDescriptor memory(const char* name) {
  FileDescriptor fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd) throw std::system_error(errno, std::generic_category(), "memfd_create");
  return fd;
}

/// All of a file, wherever its writer stands.
std::string contents(int fd) {
  std::string text;
  char buffer[65536];
  for (ssize_t size; (size = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0;)
    text.append(buffer, static_cast<std::size_t>(size));
  return text;
}

int exit_status(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

std::vector<std::string> ToolOutput::lines() const {
  std::vector<std::string> lines;
  std::istringstream stream(out);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<Json> ToolOutput::json(const std::string& type) const {
  std::vector<Json> all;
  for (const std::string& line : lines()) {
    Json json = Json::parse(line);
    EXPECT_EQ(json.at("schema"), 1) << line;
    EXPECT_TRUE(json.contains("tool") && json.contains("type") && json.contains("time")) << line;
    if (type.empty() || json.at("type") == type) all.push_back(std::move(json));
  }
  return all;
}

Tool::Tool(const std::vector<std::string>& arguments) : Tool(arguments, Until::attached) {}

ToolOutput Tool::run(const std::vector<std::string>& arguments) { return Tool(arguments, Until::started).wait(); }

Tool::Tool(const std::vector<std::string>& arguments, Until until) : out_(memory("out")), remarks_(memory("remarks")) {
  std::vector<char*> words;
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    ::dup2(out_.get(), STDOUT_FILENO);
    ::dup2(remarks_.get(), STDERR_FILENO);
    ::execvp(words[0], words.data());
    ::_exit(127);
  }
  while (until == Until::attached) {
    int status = 0;
    const std::string said = contents(remarks_.get());
    if (said.find("Ctrl-C") != std::string::npos) return;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = 0;
      throw std::runtime_error(arguments[0] + " ended with " + std::to_string(exit_status(status)) + ": " +
                               contents(remarks_.get()));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Tool::~Tool() {
  if (!pid_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string Tool::out() const { return contents(out_.get()); }

ToolOutput Tool::output(int status) const {
  return {exit_status(status), contents(out_.get()), contents(remarks_.get())};
}

void Tool::signal(int signal) const { ::kill(pid_, signal); }

ToolOutput Tool::stop(int number) {
  signal(number);
  return wait();
}

ToolOutput Tool::stop() { return stop(SIGINT); }

ToolOutput Tool::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
  return output(status);
}

}  // namespace qtee::test
