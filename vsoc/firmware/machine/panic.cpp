// SPDX-License-Identifier: BSD-3-Clause
#include "panic.hpp"

#include "console.hpp"
#include "cpu.hpp"
#include "line.hpp"

extern "C" {
extern std::byte __image_start[], __text_end[], __stacks_start[], __stacks_end[];
}

namespace qtee::machine {
namespace {

constexpr std::string_view kWhy[] = {
    "synchronous exception at EL3",
    "IRQ at EL3",
    "FIQ at EL3",
    "SError at EL3",
    // From a lower level.
    "trapped from a lower level",
    "unexpected IRQ",
    "unexpected FIQ",
    "SError",
    "exception from AArch32",
};
constexpr std::uint64_t kWhyLower = 4;

// What the exception class says, for those that a bug in the firmware or a missing enable produces.
std::string_view class_name(std::uint64_t ec) {
  switch (ec) {
    case 0x00:
      return "unknown instruction";
    case 0x07:
      return "FP or SIMD access";
    case 0x09:
      return "pointer authentication";
    case 0x18:
      return "system register access";
    case 0x19:
      return "SVE access";
    case 0x1d:
      return "SME access";
    case 0x20:
    case 0x21:
      return "instruction abort";
    case 0x22:
      return "PC alignment";
    case 0x24:
    case 0x25:
      return "data abort";
    case 0x26:
      return "SP alignment";
    case 0x3c:
      return "BRK";
    default:
      return "";
  }
}

bool is_text(std::uint64_t address) {
  return address >= reinterpret_cast<std::uint64_t>(__image_start) &&
         address < reinterpret_cast<std::uint64_t>(__text_end);
}

// The code addresses on this stack: return addresses, and a few that merely look so.
void dump_stack(std::uint64_t sp) {
  const auto first = reinterpret_cast<std::uint64_t>(__stacks_start);
  const auto last = reinterpret_cast<std::uint64_t>(__stacks_end);
  if (sp % 8 != 0 || sp < first || sp >= last) {
    Line line;
    console_write_panic(line.text("  SP is outside the stacks").view());
    return;
  }
  const std::uint64_t offset = (sp - first) % (QTEE_STACK_GUARD + QTEE_STACK_SIZE);
  if (offset < QTEE_STACK_GUARD) {
    console_write_panic("  stack overflow: SP is in the guard page");
    sp += QTEE_STACK_GUARD - offset;
  }
  const std::uint64_t top =
      sp - (sp - first) % (QTEE_STACK_GUARD + QTEE_STACK_SIZE) + QTEE_STACK_GUARD + QTEE_STACK_SIZE;
  Line line;
  line.text("  code on the stack:");
  unsigned found = 0;
  for (; sp < top && found < 16; sp += 8) {
    const std::uint64_t word = *reinterpret_cast<const std::uint64_t*>(sp);
    if (!is_text(word)) continue;
    line.text(" ").hex(word);
    ++found;
  }
  console_write_panic(line.view());
}

}  // namespace

void machine_exit(vsoc::ExitStatus status) {
  constexpr std::uint64_t kSysExitExtended = 0x20;
  constexpr std::uint64_t kApplicationExit = 0x20026;
  const volatile std::uint64_t block[2] = {kApplicationExit, static_cast<std::uint64_t>(status)};
  register std::uint64_t operation asm("x0") = kSysExitExtended;
  register const volatile std::uint64_t* parameter asm("x1") = block;
  asm volatile("hlt #0xf000" : "+r"(operation) : "r"(parameter) : "memory");
  for (;;) cpu_wfi();  // semihosting is off: QEMU stays, and its caller's time limit ends it
}

void panic(std::string_view why, vsoc::ExitStatus status) {
  Line line;
  console_write_panic(line.text("PANIC: ").text(why).view());
  machine_exit(status);
}

// From vectors.S, on the dump stack.
extern "C" [[noreturn]] void panic_exception(std::uint64_t why, const Cpu& cpu);

void panic_exception(std::uint64_t why, const Cpu& cpu) {
  // A second fatal exception, while printing the first, must not print for ever.
  static std::atomic<unsigned> entered{0};
  if (entered.fetch_or(1u << cpu.index) & 1u << cpu.index) machine_exit(vsoc::ExitStatus::panic);

  const std::uint64_t esr = read_esr_el3();
  {
    Line line;
    line.text("PANIC: ").text(why < std::size(kWhy) ? kWhy[why] : "exception");
    line.text(", class ").hex(field(esr, 26, 6), 2).text(" ").text(class_name(field(esr, 26, 6)));
    console_write_panic(line.view());
  }
  {
    Line line;
    line.text("  ELR ").hex(read_elr_el3(), 16).text(" ESR ").hex(esr, 8).text(" FAR ").hex(read_far_el3(), 16);
    line.text(" SPSR ").hex(read_spsr_el3(), 8).text(" SCR ").hex(read_scr_el3());
    console_write_panic(line.view());
  }
  for (unsigned first = 0; first < 32; first += 4) {
    Line line;
    line.text(" ");
    for (unsigned n = first; n < first + 4; ++n) {
      if (n < 31) {
        line.text(n < 10 ? "  x" : " x").number(n);
      } else {
        line.text("  sp");
      }
      line.text(" ").hex(cpu.dump[n], 16);
    }
    console_write_panic(line.view());
  }
  if (why < kWhyLower) dump_stack(cpu.dump[31]);  // else it is empty
  machine_exit(vsoc::ExitStatus::panic);
}

}  // namespace qtee::machine
