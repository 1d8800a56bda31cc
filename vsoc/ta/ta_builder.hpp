// SPDX-License-Identifier: BSD-3-Clause
//
// Builds TA images for tests and demos: valid ELF files of an exact size whose code is never executed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace qtee::vsoc {

struct TaSpec {
  std::string name;           // of the TA note; empty leaves the note out
  std::size_t size = 32'856;  // bytes of the whole file
  int elf_class = 64;         // 32 (ARM) or 64 (AArch64)
  std::uint32_t flags = 0;    // of the TA note
  std::uint64_t seed = 1;     // of the bytes that fill the file
};

// Returns the image. Throws std::invalid_argument where the size does not hold the headers, the name is longer than 63
// characters or the class is neither 32 nor 64.
std::vector<std::byte> ta_build(const TaSpec& spec);

}  // namespace qtee::vsoc
