// SPDX-License-Identifier: BSD-3-Clause

#include "log.hpp"

#include "state.hpp"

namespace qtee::fw {
namespace {

constexpr std::uint64_t kFaultLines = 200;

}  // namespace

LogLine::~LogLine() {
  if (!dropped_) state().machine->log({text_, size_});
}

LogLine& LogLine::operator<<(std::string_view text) {
  for (const char c : text) {
    if (size_ < sizeof(text_)) text_[size_++] = c;
  }
  return *this;
}

LogLine& LogLine::operator<<(Hex number) {
  char digits[18];
  std::size_t at = sizeof(digits);
  do {
    digits[--at] = "0123456789abcdef"[number.value & 15];
    number.value >>= 4;
  } while (number.value != 0);
  digits[--at] = 'x';
  digits[--at] = '0';
  return *this << std::string_view(digits + at, sizeof(digits) - at);
}

LogLine& LogLine::decimal(std::uint64_t number) {
  char digits[20];
  std::size_t at = sizeof(digits);
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return *this << std::string_view(digits + at, sizeof(digits) - at);
}

FaultLine::FaultLine() {
  Figure& faults = state().stats.faults;
  faults.add();
  silent_ = faults.get() > kFaultLines;
  text_ << "fault: ";
}

FaultLine::~FaultLine() {
  if (silent_) text_.drop();
}

}  // namespace qtee::fw
