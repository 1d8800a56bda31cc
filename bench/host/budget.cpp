// SPDX-License-Identifier: BSD-3-Clause
#include "budget.hpp"

#include <algorithm>
#include <charconv>
#include <istream>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "vsoc/memory_map.hpp"

namespace qtee::bench {
namespace {

// The upper half of the addresses is the kernel's; programs and the firmware are in the lower one. Static programs
// begin at 4 MiB, beyond the firmware's read-only part.
constexpr std::uint64_t kProgramBase = 0x400000;
constexpr bool is_kernel(std::uint64_t address) { return address >> 63 != 0; }
constexpr bool is_firmware(std::uint64_t address) {
  return address < kProgramBase ||
         (address >= vsoc::kSecureRamBase && address < vsoc::kSecureRamBase + vsoc::kSecureRamSize);
}

struct Rule {
  std::string_view begin;  // of the function's name
  const char* phase;
};
// The first that fits. Whatever module a function is in, what it does decides.
constexpr Rule kRules[] = {
    {"__arch_copy_", "copy"},
    {"_copy_from_user", "copy"},
    {"_copy_to_user", "copy"},
    {"__memcpy", "copy"},
    {"__pi_memcpy", "copy"},
    {"memcpy", "copy"},
    {"_inline_copy", "copy"},
    {"__memset", "copy"},
    {"__pi_memset", "copy"},
    {"memset", "copy"},
    {"__check_object_size", "copy"},
    {"check_heap_object", "copy"},
    {"qtee_buffer_", "copy"},
    {"qtee_message_clear", "copy"},
    {"qtee_user_copy", "copy"},
    {"qtee_transport", "transport"},
    {"qtee_smc", "transport"},
    {"qtee_scm", "transport"},
    {"qtee_direct", "transport"},
    {"qcom_scm", "transport"},
    {"__qcom_scm", "transport"},
    {"__get_convention", "transport"},  // of qcom_scm
    {"scm_", "transport"},
    {"__scm_", "transport"},
    {"__arm_smccc", "transport"},
    {"arm_smccc", "transport"},
    {"mutex_", "transport"},
    {"__mutex_", "transport"},
    {"qtee_object_", "objects"},
    {"qtee_table_", "objects"},
    {"qtee_invoke_object", "objects"},
    {"xa_", "objects"},
    {"xas_", "objects"},
    {"__xa_", "objects"},
    {"qtee_message_", "marshal"},
    {"qtee_context_", "marshal"},
    {"qtee_msg_", "marshal"},
    {"qtee_invoke", "marshal"},
    {"qtee_async", "marshal"},
    {"qtee_ahead", "marshal"},
    {"el0", "entry"},
    {"el0t", "entry"},
    {"vectors", "entry"},
    {"__bp_harden", "entry"},
    {"ret_to_user", "entry"},
    {"ret_from", "entry"},
    {"do_el0", "entry"},
    {"invoke_syscall", "entry"},
    {"__arm64_sys", "entry"},
    {"__se_sys", "entry"},
    {"do_vfs_ioctl", "entry"},
    {"vfs_ioctl", "entry"},
    {"security_file_ioctl", "entry"},
    {"bpf_lsm", "entry"},
    {"apparmor", "entry"},
    {"fdget", "entry"},
    {"fget", "entry"},
    {"__fget", "entry"},
    {"__fdget", "entry"},
    {"fput", "entry"},
    {"syscall", "entry"},
    {"exit_to_user", "entry"},
    {"enter_from_user", "entry"},
    {"__audit", "entry"},
    {"randomize_kstack", "entry"},
    {"prandom_u32_state", "entry"},  // of the stack's offset
    {"tomoyo", "entry"},
    {"hook_file_ioctl", "entry"},
    {"cortex_a76_erratum", "entry"},
};

// A line of the log: "Trace 0: 0x7f24 [00000000/ffff800080010c00/00000110/ff000201] name" is of CPU 0.
struct Step {
  unsigned cpu = 0;
  std::uint64_t address = 0;
};

// Nothing on other lines.
std::optional<Step> step_of(std::string_view line) {
  constexpr std::string_view kBegin = "Trace ";
  if (!line.starts_with(kBegin)) return {};
  const char* const end = line.data() + line.size();
  const std::size_t bracket = line.find('[');
  const std::size_t slash = bracket == line.npos ? line.npos : line.find('/', bracket);
  if (slash == line.npos) return {};
  Step step;
  if (std::from_chars(line.data() + kBegin.size(), end, step.cpu).ec != std::errc()) return {};
  if (std::from_chars(line.data() + slash + 1, end, step.address, 16).ec != std::errc()) return {};
  return step;
}

using Counts = std::map<const Function*, std::uint64_t>;

// What one CPU is in.
struct Call {
  Counts counts;
  std::uint64_t length = 0;
  // Whether the log has the beginning of this call, and whether the line before was of a program's.
  bool whole = false, user = false;
};

// Calls of one length.
struct Seen {
  std::size_t calls = 0;
  Counts counts;  // of the first
};

// The shortest call that is not another one than the most common: random offsets of the stack make some a little
// longer, and the least is what is counted elsewhere.
constexpr double kSameCall = 0.99;

}  // namespace

std::string budget_phase(const Function& function) {
  for (const Rule& rule : kRules)
    if (function.name.starts_with(rule.begin)) return rule.phase;
  if (function.module == "qtee_user" || function.module == "qtee_tee") return "front_end";
  return "other";
}

std::map<std::string, std::uint64_t> Budget::phases() const {
  std::map<std::string, std::uint64_t> phases;
  for (const BudgetLine& line : lines) phases[line.phase] += line.instructions;
  return phases;
}

Budget budget_read(std::istream& log, const Symbols& symbols) {
  std::map<std::uint64_t, Seen> seen;  // by the number of instructions
  std::map<unsigned, Call> cpus;
  Budget budget;
  for (std::string line; std::getline(log, line);) {
    const auto step = step_of(line);
    if (!step) continue;
    Call& call = cpus[step->cpu];
    if (is_kernel(step->address)) {
      if (call.user) call.whole = true;
      call.user = false;
      ++call.counts[symbols.at(step->address)];
      ++call.length;
      continue;
    }
    if (is_firmware(step->address)) continue;
    if (call.length != 0 && call.whole) {
      ++budget.calls;
      Seen& one = seen[call.length];
      if (one.calls++ == 0) one.counts = call.counts;
    }
    call.counts.clear();
    call.length = 0;
    call.user = true;
  }
  const auto most = std::ranges::max_element(seen, {}, [](const auto& entry) { return entry.second.calls; });
  if (most == seen.end()) throw std::runtime_error("no call in the log");
  const auto least = seen.lower_bound(static_cast<std::uint64_t>(kSameCall * static_cast<double>(most->first)));
  budget.total = least->first;
  budget.same = least->second.calls;
  for (const auto& [function, count] : least->second.counts)
    budget.lines.push_back({function != nullptr ? budget_phase(*function) : "other",
                            function != nullptr ? function->name : "(unknown)", count});
  std::ranges::stable_sort(budget.lines, std::greater{}, &BudgetLine::instructions);
  return budget;
}

}  // namespace qtee::bench
