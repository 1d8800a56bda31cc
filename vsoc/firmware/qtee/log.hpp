// SPDX-License-Identifier: BSD-3-Clause
//
// Lines for the secure console, and faults: what Linux did against the protocol.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace qtee::fw {

// One line, written when it goes out of scope: LogLine() << "bridge " << Hex{paddr};
struct Hex {
  std::uint64_t value;
};

class LogLine {
 public:
  LogLine() = default;
  LogLine(const LogLine&) = delete;
  ~LogLine();
  LogLine& operator<<(std::string_view text);
  // Forgets the line.
  void drop() { dropped_ = true; }
  LogLine& operator<<(Hex number);
  template <std::integral T>
  LogLine& operator<<(T number) {
    if constexpr (std::signed_integral<T>) {
      if (number < 0) {
        *this << "-";
        return decimal(0 - static_cast<std::uint64_t>(number));
      }
    }
    return decimal(static_cast<std::uint64_t>(number));
  }

 protected:
  LogLine& decimal(std::uint64_t number);

 private:
  char text_[160];
  std::size_t size_ = 0;
  bool dropped_ = false;
};

// Counts one fault of Linux and logs the line "fault: ...". After some hundred of them it only counts.
class FaultLine {
 public:
  FaultLine();
  FaultLine(const FaultLine&) = delete;
  ~FaultLine();
  template <class T>
  FaultLine& operator<<(const T& part) {
    text_ << part;
    return *this;
  }

 private:
  LogLine text_;
  bool silent_;
};

}  // namespace qtee::fw
