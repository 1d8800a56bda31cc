// SPDX-License-Identifier: BSD-3-Clause
#include "kmemleak.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "error.hpp"
#include "vsoc/job.hpp"

namespace qtee::vsoc {
namespace {

constexpr char kFile[] = "/sys/kernel/debug/kmemleak";
// kmemleak tells of no object that is younger than 5 s.
constexpr unsigned kYoung = 6;  // seconds
// An object that changed since the last scan counts as referred to, and every object is new to the first scan.
constexpr int kScans = 2;

bool is_there() { return access(kFile, W_OK) == 0; }

void ask(const char* what) {
  const int fd = open(kFile, O_WRONLY | O_CLOEXEC);
  if (fd < 0) broken_errno(kFile);
  const std::string_view text = what;
  const ssize_t written = write(fd, text.data(), text.size());
  const int error = errno;
  close(fd);
  errno = error;
  if (written < 0) broken_errno(std::string(kFile) + ": " + what);
}

// The reports are one object each, all start with the same words.
std::size_t count(const std::string& report) {
  constexpr std::string_view kStart = "unreferenced object";
  std::size_t found = 0;
  for (std::size_t at = 0; (at = report.find(kStart, at)) != report.npos; at += kStart.size()) ++found;
  return found;
}

}  // namespace

ModuleSymbols kmemleak_symbols() {
  if (!is_there()) return {};
  return {file_read("/proc/modules"), file_read("/proc/kallsyms")};
}

void kmemleak_check(const Job& job, const ModuleSymbols& symbols) {
  if (!job.has(kJobLeakCheck) || !is_there()) return;
  sleep(kYoung);
  for (int scan = 0; scan < kScans; ++scan) ask("scan");
  const std::string report = file_read(kFile);
  if (report.empty()) return;
  dprintf(2, "%s", symbols.name_addresses(report).c_str());
  throw Broken("kmemleak: " + std::to_string(count(report)) + " objects that nothing refers to");
}

}  // namespace qtee::vsoc
