// SPDX-License-Identifier: BSD-3-Clause
#include "cpio.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace qtee::vsoc {
namespace {

// Header fields are 8 hexadecimal digits behind the magic: 1 is the mode, 6 the size, 11 the name's length.
unsigned long field(const std::string& archive, std::size_t at, unsigned index) {
  return std::strtoul(archive.substr(at + 6 + 8 * index, 8).c_str(), nullptr, 16);
}

TEST(CpioTest, EntriesAreAlignedAndComplete) {
  Cpio cpio;
  cpio.add_folder("etc");
  cpio.add_file("etc/x", std::string("12\0 5", 5), 0755);
  cpio.add_device("dev/console", 5, 1);
  const std::string archive = std::move(cpio).finish();

  std::size_t at = 0;
  std::vector<std::string> names;
  while (at < archive.size()) {
    ASSERT_EQ(at % 4, 0u);
    ASSERT_EQ(archive.substr(at, 6), "070701");
    const std::size_t name_size = field(archive, at, 11), size = field(archive, at, 6);
    const std::string name = archive.substr(at + 110, name_size - 1);
    names.push_back(name);
    const std::size_t content = (at + 110 + name_size + 3) / 4 * 4;
    if (name == "etc/x") {
      EXPECT_EQ(field(archive, at, 1), 0100755u);
      EXPECT_EQ(archive.substr(content, size), std::string("12\0 5", 5));
    }
    if (name == "etc") {
      EXPECT_EQ(field(archive, at, 1), 0040755u);
    }
    if (name == "dev/console") {
      EXPECT_EQ(field(archive, at, 9), 5u);
      EXPECT_EQ(field(archive, at, 10), 1u);
    }
    at = (content + size + 3) / 4 * 4;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"etc", "etc/x", "dev/console", "TRAILER!!!"}));
}

}  // namespace
}  // namespace qtee::vsoc
