// SPDX-License-Identifier: BSD-3-Clause
#include "tool.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

#include "clock.hpp"
#include "output.hpp"
#include "quantity.hpp"
#include "session.hpp"

namespace qtee::bpf {
namespace {

/// Records that are handled at a time.
constexpr std::size_t kPiece = 256;

std::string libbpf_words;
bool libbpf_verbose = false;

int libbpf_print(libbpf_print_level level, const char* format, va_list arguments) {
  char line[1024];
  if (libbpf_verbose) {
    // What the verifier says is long, and its end matters most.
    va_list again;
    va_copy(again, arguments);
    std::vfprintf(stderr, format, again);
    va_end(again);
  }
  std::vsnprintf(line, sizeof line, format, arguments);
  if (level == LIBBPF_WARN) libbpf_words = line;
  while (!libbpf_words.empty() && libbpf_words.back() == '\n') libbpf_words.pop_back();
  return 0;
}

/// With the rights that this process has, and not those of its user.
bool accessible(const std::string& path, int how) { return ::faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) == 0; }
bool exists(const std::string& path) { return accessible(path, F_OK); }

/// Why the kernel says EPERM.
ToolError not_permitted() {
  std::uint64_t capabilities = 0;
  std::ifstream file("/proc/self/status");
  const std::string key = "CapEff:\t";
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) capabilities = std::stoull(line.substr(key.size()), nullptr, 16);
  std::string has;
  for (const auto& [name, number] : {std::pair("CAP_BPF", CAP_BPF), {"CAP_PERFMON", CAP_PERFMON}})
    if (capabilities >> number & 1) has.append(has.empty() ? "" : " and ").append(name);
  if (capabilities >> CAP_SYS_ADMIN & 1)
    return ToolError(
        "not permitted, though this process has CAP_SYS_ADMIN: it is in a user namespace, or a security "
        "module forbids it");
  return ToolError(fmt::format(
      "not permitted: this needs root, or CAP_BPF, CAP_PERFMON and, for the BTF of modules, CAP_SYS_ADMIN; of these "
      "this process has {}",
      has.empty() ? "none" : has));
}

bpf_prog_info program_info(const bpf_program* program) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (bpf_prog_get_info_by_fd(bpf_program__fd(program), &info, &size) != 0) return {};
  return info;
}

}  // namespace

void libbpf_listen(bool verbose) {
  libbpf_verbose = verbose;
  libbpf_set_print(libbpf_print);
}

std::string libbpf_last_words() { return libbpf_words.empty() ? std::strerror(errno) : libbpf_words; }

void libbpf_check(int error, const std::string& what) {
  if (!error) return;
  throw ToolError(fmt::format("{}: {}{}", what, std::strerror(error < 0 ? -error : error),
                              libbpf_words.empty() ? "" : " (" + libbpf_words + "; -v says more)"));
}

bool module_loaded(std::string_view module) { return exists(fmt::format("/sys/module/{}", module)); }

void bpf_require() {
  // Nothing is created: an attribute that is none is refused last.
  errno = 0;
  if (::syscall(SYS_bpf, BPF_MAP_CREATE, nullptr, 0) < 0 && errno == ENOSYS)
    throw ToolError(
        "this kernel has no BPF (CONFIG_BPF_SYSCALL); the trace events themselves are in "
        "/sys/kernel/tracing/events/qtee");
  const int map = bpf_map_create(BPF_MAP_TYPE_RINGBUF, nullptr, 0, 0, 4096 * 16, nullptr);
  if (map == -EPERM || map == -EACCES) throw not_permitted();
  if (map >= 0) ::close(map);
  // The kernel shows the BTF of modules, by which programs find the events, to nobody else.
  std::uint32_t id = 0;
  const bool found = bpf_btf_get_next_id(0, &id) == 0;
  const FileDescriptor btf(found ? bpf_btf_get_fd_by_id(id) : -1);
  if (!btf && (errno == EPERM || errno == EACCES)) throw not_permitted();
}

void kernel_require(std::string_view module) {
  bpf_require();
  if (!module_loaded(module))
    throw ToolError(fmt::format("the driver is not loaded (there is no /sys/module/{})", module));
  if (!exists("/sys/kernel/btf/vmlinux"))
    throw ToolError("this kernel has no BTF (CONFIG_DEBUG_INFO_BTF), which the tool finds the kernel's structures by");
  if (!exists(fmt::format("/sys/kernel/btf/{}", module)))
    throw ToolError(
        fmt::format("the module {} has no BTF: build it with CONFIG_DEBUG_INFO_BTF_MODULES and pahole", module));
}

void tracefs_require(const std::string& event) {
  // As libbpf chooses between them.
  const std::string debug = "/sys/kernel/debug/tracing", folder = exists(debug) ? debug : "/sys/kernel/tracing";
  const std::string id = fmt::format("{}/events/{}/id", folder, event);
  if (accessible(id, R_OK)) return;
  if (errno == EACCES || errno == EPERM)
    throw ToolError(folder +
                    " is there, but this process may not read it: that needs root, or CAP_DAC_READ_SEARCH besides");
  if (!exists(folder + "/events")) throw ToolError(folder + " is not there: mount -t tracefs none /sys/kernel/tracing");
  throw ToolError(fmt::format("there is no trace event {} in {}/events", event, folder));
}

void process_require(std::uint32_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string name, rest; file >> name && std::getline(file, rest);) {
    if (name != "Tgid:") continue;
    const std::uint64_t process = number_parse(rest.substr(rest.find_first_not_of("\t ")), 0xffffffff);
    if (process != pid) throw ToolError(fmt::format("{} is a thread of process {}", pid, process));
    return;
  }
  throw ToolError(fmt::format("no process has the pid {}", pid));
}

bool kernel_has_event(std::string_view name, const std::string& module) {
  using Btf = std::unique_ptr<btf, decltype(&btf__free)>;
  const std::string type = fmt::format("btf_trace_{}", name);
  const auto knows = [&](const Btf& types) {
    return types && btf__find_by_name_kind(types.get(), type.c_str(), BTF_KIND_TYPEDEF) > 0;
  };
  const Btf kernel(btf__load_vmlinux_btf(), btf__free);
  if (!kernel || knows(kernel)) return kernel != nullptr;
  if (!exists("/sys/kernel/btf/" + module)) return false;
  return knows(Btf(btf__load_module_btf(module.c_str(), kernel.get()), btf__free));
}

std::string process_name(std::uint32_t pid) {
  std::ifstream file(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(file, name);
  return name;
}

Overhead::Overhead() : stats_(bpf_enable_stats(BPF_STATS_RUN_TIME)) {
  if (!stats_) throw ToolError(fmt::format("--overhead: the kernel does not count: {}", std::strerror(errno)));
}

void Overhead::report(std::string_view tool, const bpf_object* object, std::uint64_t ns, bool json) const {
  bpf_program* program;
  bpf_object__for_each_program(program, object) {
    if (bpf_program__fd(program) < 0) continue;
    const bpf_prog_info info = program_info(program);
    const char* name = bpf_program__name(program);
    if (json) {
      Json line = json_line(tool, "overhead", clock_now());
      line.update({{"program", name},
                   {"runs", std::uint64_t{info.run_cnt}},
                   {"run_ns", std::uint64_t{info.run_time_ns}},
                   {"elapsed_ns", ns}});
      json_write(line);
    } else {
      remark_write(tool, fmt::format("{} ran {} times, {} each, {} of a CPU", name, count_format(info.run_cnt),
                                     duration_format(info.run_cnt ? info.run_time_ns / info.run_cnt : 0),
                                     share_format(info.run_time_ns, ns)));
    }
  }
}

std::uint64_t programs_missed(const bpf_object* object) {
  std::uint64_t missed = 0;
  bpf_program* program;
  bpf_object__for_each_program(program, object) {
    if (bpf_program__fd(program) >= 0) missed += program_info(program).recursion_misses;
  }
  return missed;
}

void end_write(std::string_view tool, bool json, Json counts, std::uint64_t lost,
               std::optional<std::uint64_t> partial) {
  if (json) {
    Json line = json_line(tool, "end", clock_now());
    line.update(counts);
    line["lost"] = lost;
    if (partial) line["partial"] = *partial;
    json_write(line);
    return;
  }
  if (lost) remark_write(tool, fmt::format("{} events were lost", count_format(lost)));
  if (partial.value_or(0))
    remark_write(tool, fmt::format("{} calls are left out: they began before this did", count_format(*partial)));
}

RingBuffer::RingBuffer(int map, Loop& loop, std::function<void(const void*, std::size_t)> handle)
    : handle_(std::move(handle)), buffer_(ring_buffer__new(map, &RingBuffer::handle, this, nullptr)) {
  if (!buffer_) throw ToolError("no buffer for events: " + libbpf_last_words());
  // In pieces: signals and the time are looked at in between.
  loop.watch(ring_buffer__epoll_fd(buffer_), [this] { take(kPiece); });
}

RingBuffer::~RingBuffer() { ring_buffer__free(buffer_); }

void RingBuffer::drain() {
  while (take(kPiece) > 0) {
  }
}

int RingBuffer::take(std::size_t most) {
  const int taken = ring_buffer__consume_n(buffer_, most);
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return taken;
}

int RingBuffer::handle(void* self, void* data, std::size_t size) {
  auto& buffer = *static_cast<RingBuffer*>(self);
  try {
    buffer.handle_(data, size);
    return 0;
  } catch (...) {
    buffer.failure_ = std::current_exception();
    return -ECANCELED;
  }
}

}  // namespace qtee::bpf
