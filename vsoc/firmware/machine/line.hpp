// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace qtee::machine {

// One line of console text, built in place; what does not fit is cut.
class Line {
 public:
  Line& text(std::string_view text) {
    for (char c : text) put(c);
    return *this;
  }
  // Decimal, padded on the left with `pad` to `width`.
  Line& number(std::uint64_t value, unsigned width = 0, char pad = ' ') {
    char digits[20];
    unsigned count = 0;
    do {
      digits[count++] = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    for (; width > count; --width) put(pad);
    while (count > 0) put(digits[--count]);
    return *this;
  }
  // Hexadecimal without prefix, at least `width` digits.
  Line& hex(std::uint64_t value, unsigned width = 1) {
    for (unsigned digit = 16; digit-- > 0;) {
      const unsigned nibble = (value >> (digit * 4)) & 15;
      if (nibble != 0 || digit < width) {
        width = digit + 1;
        put("0123456789abcdef"[nibble]);
      }
    }
    return *this;
  }
  std::string_view view() const { return {buffer_, used_}; }

 private:
  void put(char c) {
    if (used_ < sizeof(buffer_)) buffer_[used_++] = c;
  }

  char buffer_[200];
  std::size_t used_ = 0;
};

}  // namespace qtee::machine
