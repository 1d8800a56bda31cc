// SPDX-License-Identifier: BSD-3-Clause
#include "bpf.hpp"

#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace qtee::test {
namespace {

FileDescriptor bpf(bpf_cmd command, bpf_attr& attr, const std::string& what) {
  FileDescriptor fd(static_cast<int>(::syscall(SYS_bpf, command, &attr, sizeof attr)));
  if (!fd) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

std::uint64_t address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

}  // namespace

EmptyPrograms::EmptyPrograms(const std::vector<std::string>& events) {
  // r0 = 0; exit
  const bpf_insn instructions[] = {{BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  bpf_attr attr{};
  attr.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
  attr.insns = address(instructions);
  attr.insn_cnt = 2;
  attr.license = address("GPL");
  program_ = bpf(BPF_PROG_LOAD, attr, "load a BPF program");
  for (const std::string& event : events) {
    attr = {};
    attr.raw_tracepoint.name = address(event.c_str());
    attr.raw_tracepoint.prog_fd = static_cast<std::uint32_t>(program_.get());
    links_.push_back(bpf(BPF_RAW_TRACEPOINT_OPEN, attr, "attach to " + event));
  }
}

}  // namespace qtee::test
