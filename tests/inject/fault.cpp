// SPDX-License-Identifier: BSD-3-Clause
#include "fault.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include "file.hpp"

namespace qtee::inject {
namespace {

struct Setting {
  const char* attribute;
  const char* file;
  const char* value;
};

// The probability stays 0, which the n-th point of a thread does not ask for.
constexpr Setting kSettings[] = {
    {"failslab", "ignore-gfp-wait", "N"},        {"failslab", "cache-filter", "Y"},
    {"fail_page_alloc", "ignore-gfp-wait", "N"}, {"fail_page_alloc", "ignore-gfp-highmem", "N"},
    {"fail_page_alloc", "min-order", "0"},
};

constexpr const char* kAttributes[] = {"failslab", "fail_page_alloc", "fail_usercopy"};

// vmalloc() writes a backtrace when it fails, whatever its caller thinks of that: so it does not.
constexpr char kLoudFunction[] = "__vmalloc_node_range_noprof";

void setting_write(const std::string& path, const std::string& value) {
  if (const int error = test::file_write(path, value))
    throw std::runtime_error("this kernel can't inject faults: " + path + ": " + std::strerror(error));
}

std::string attribute_path(const char* attribute, const char* file) {
  return std::string("/sys/kernel/debug/") + attribute + "/" + file;
}

// All caches but those of the checkers: kmemleak and ODEBUG do without an object, and hide the caller's own failure.
// dma-debug switches itself off when there is no node for its tree, and every xarray tries a second time at once.
constexpr std::string_view kCachesLeftOut[] = {"kmemleak_object", "kmemleak_scan_area", "debug_objects_cache",
                                               "radix_tree_node"};

void caches_set_up() {
  std::size_t count = 0;
  for (const auto& cache : std::filesystem::directory_iterator("/sys/kernel/slab")) {
    const std::string name = cache.path().filename();
    if (std::ranges::find(kCachesLeftOut, name) != std::end(kCachesLeftOut)) continue;
    if (test::file_write(cache.path() / "failslab", "1\n") == 0) ++count;
  }
  if (count == 0) throw std::runtime_error("this kernel can't inject faults: no slab cache can be chosen");
}

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = ~std::uint64_t{0};
};

// Where a function of the kernel's is: to the next symbol.
Range function_range(const std::string& wanted) {
  Range range;
  for (const bool begin : {true, false}) {
    std::ifstream symbols("/proc/kallsyms");
    std::string address, type, name, line;
    while (symbols >> address >> type >> name && std::getline(symbols, line)) {
      const std::uint64_t at = std::stoull(address, nullptr, 16);
      if (begin && name == wanted) range.begin = at;
      if (!begin && at > range.begin) range.end = std::min(range.end, at);
    }
    if (range.begin == 0) throw std::runtime_error("this kernel has no function " + wanted);
  }
  return range;
}

}  // namespace

void fault_set_up(bool trace) {
  for (const Setting& setting : kSettings)
    setting_write(attribute_path(setting.attribute, setting.file), setting.value);
  caches_set_up();
  const Range loud = function_range(kLoudFunction);
  for (const char* attribute : kAttributes) {
    setting_write(attribute_path(attribute, "verbose"), trace ? "2" : "0");
    setting_write(attribute_path(attribute, "reject-start"), std::to_string(loud.begin));
    setting_write(attribute_path(attribute, "reject-end"), std::to_string(loud.end));
  }
}

FaultPoint::FaultPoint(bool inject) {
  if (!inject) return;
  file_ = FileDescriptor(::open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC));
  if (!file_) throw std::system_error(errno, std::generic_category(), "fail-nth");
}

void FaultPoint::arm(unsigned n) {
  if (!file_) return;
  char text[16];
  const auto end = std::to_chars(text, text + sizeof text, n).ptr;
  if (::pwrite(file_.get(), text, static_cast<std::size_t>(end - text), 0) < 0)
    throw std::system_error(errno, std::generic_category(), "fail-nth");
}

bool FaultPoint::disarm() {
  if (!file_) return false;
  // What is left of n. Reading and writing this file are user copies themselves: it may be they that fail, and then
  // the point was not reached before.
  char text[16]{};
  const ssize_t got = ::pread(file_.get(), text, sizeof text - 1, 0);
  const bool reached = got > 0 && text[0] == '0';
  if (::pwrite(file_.get(), "0", 1, 0) < 0) arm(0);
  return reached;
}

}  // namespace qtee::inject
