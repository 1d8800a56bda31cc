// SPDX-License-Identifier: BSD-3-Clause
//
// The formats of the events are an interface: what the kernel says of them is what tracepoints/README.md says.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "documented.hpp"
#include "trace_test.hpp"

namespace qtee::test {
namespace {

constexpr char kFolder[] = "/sys/kernel/tracing/events/qtee";
constexpr std::size_t kCommon = 8, kMost = 64;

struct Field {
  std::string name, type;
  std::size_t offset = 0, size = 0;
  bool is_signed = false;
};
using Format = std::vector<Field>;

// "name" out of "`name`".
std::string unquoted(std::string word) {
  std::erase(word, '`');
  return word;
}

std::size_t size_of(const std::string& type) {
  if (type.starts_with("char[")) return std::stoul(type.substr(5));
  return std::stoul(type.substr(1)) / 8;
}

// The tables, a table for each name in the heading above it.
std::map<std::string, Format> documented() {
  std::map<std::string, Format> formats;
  std::vector<std::string> events;
  std::istringstream text(kDocumented);
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("#")) {
      events.clear();
      if (!line.starts_with("### `qtee_")) continue;
      std::istringstream heading(line.substr(4));
      for (std::string name; std::getline(heading >> std::ws, name, ',');) events.push_back(unquoted(name));
      for (const std::string& name : events) formats[name] = {};
    } else if (line.starts_with("| `") && !events.empty()) {
      std::istringstream row(line.substr(1));
      Field field;
      std::string bar;
      row >> field.name >> bar >> field.type;
      field.name = unquoted(field.name);
      field.size = size_of(field.type);
      field.is_signed = field.type.starts_with('s');
      for (const std::string& name : events) formats[name].push_back(field);
    }
  }
  // As a C compiler lays them out.
  for (auto& [name, format] : formats) {
    std::size_t at = kCommon;
    for (Field& field : format) {
      const std::size_t align = field.type.starts_with("char") ? 1 : field.size;
      at = (at + align - 1) / align * align;
      field.offset = at;
      at += field.size;
    }
  }
  return formats;
}

// The value behind "key:" in a line of a format file.
std::size_t number(const std::string& line, const std::string& key) {
  return std::stoul(line.substr(line.find(key) + key.size()));
}

// "	field:u64 invocation;	offset:8;	size:8;	signed:0;", and "char name[16]".
Field field_of(const std::string& line) {
  const std::size_t begin = line.find("field:") + 6;
  const std::string declaration = line.substr(begin, line.find(';') - begin);
  const std::size_t space = declaration.rfind(' ');
  Field field{declaration.substr(space + 1), declaration.substr(0, space), number(line, "offset:"),
              number(line, "size:"), number(line, "signed:") != 0};
  if (const std::size_t bracket = field.name.find('['); bracket != field.name.npos) {
    field.type += field.name.substr(bracket);
    field.name.resize(bracket);
  }
  return field;
}

Format format_of(const std::string& event) {
  std::ifstream file(std::string(kFolder) + "/" + event + "/format");
  Format format;
  for (std::string line; std::getline(file, line);)
    if (line.find("field:") != line.npos) format.push_back(field_of(line));
  return format;
}

class FormatTest : public ::testing::Test {};

TEST_F(FormatTest, EveryEventIsAsDocumented) {
  const auto formats = documented();
  EXPECT_GE(formats.size(), 20u);
  for (const auto& [event, expected] : formats) {
    SCOPED_TRACE(event);
    Format actual = format_of(event);
    ASSERT_GT(actual.size(), 4u) << "the kernel has no such event";
    ASSERT_TRUE(std::all_of(actual.begin(), actual.begin() + 4,
                            [](const Field& field) { return field.name.starts_with("common_"); }));
    actual.erase(actual.begin(), actual.begin() + 4);
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      EXPECT_EQ(actual[i].name, expected[i].name);
      EXPECT_EQ(actual[i].type, expected[i].type) << actual[i].name;
      EXPECT_EQ(actual[i].offset, expected[i].offset) << actual[i].name;
      EXPECT_EQ(actual[i].size, expected[i].size) << actual[i].name;
      EXPECT_EQ(actual[i].is_signed, expected[i].is_signed) << actual[i].name;
    }
  }
}

TEST_F(FormatTest, EveryEventIsDocumented) {
  const auto formats = documented();
  for (const auto& entry : std::filesystem::directory_iterator(kFolder))
    if (entry.is_directory()) {
      EXPECT_TRUE(formats.contains(entry.path().filename())) << entry.path();
    }
}

TEST_F(FormatTest, NoRecordHasMoreThan64Bytes) {
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    if (!entry.is_directory()) continue;
    const Field last = format_of(entry.path().filename()).back();
    EXPECT_LE(last.offset + last.size, kMost) << entry.path();
  }
}

}  // namespace
}  // namespace qtee::test
