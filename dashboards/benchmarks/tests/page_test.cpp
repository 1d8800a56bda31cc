// SPDX-License-Identifier: BSD-3-Clause
#include "page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "sample.hpp"

namespace qtee::dashboard::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The other way round, by other means than page.cpp's.
std::string unpack(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<unsigned>(digits.find(c));
    if ((count += 6) >= 8) bytes += static_cast<char>(bits >> (count -= 8));
  }
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string plain(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  EXPECT_EQ(stream.avail_in, 0u);
  plain.resize(stream.total_out);
  inflateEnd(&stream);
  return plain;
}

std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const auto start = text.find(from) + from.size();
  return text.substr(start, text.find(to, start) - start);
}

class PageTest : public ::testing::Test {
 protected:
  const PageParts parts{"<head><!--style--></head><body><!--data--><!--script--></body>", "b{}", "run()"};
  const std::vector<RunFile> runs{run_file_parse("a\"<b>.json", sample_file().dump(1))};
  const nlohmann::ordered_json goals = nlohmann::ordered_json::array();
};

TEST_F(PageTest, PackedTextsOfEachLengthComeBack) {
  for (std::size_t size : {0, 1, 2, 3, 4, 100, 101, 102}) {
    const std::string text = sample_file().dump().substr(0, size);
    EXPECT_EQ(unpack(text_pack(text)), text) << size;
  }
}

TEST_F(PageTest, HasStyleScriptDataAndEachFileAsItIs) {
  const std::string page = page_fill(parts, runs, goals);
  EXPECT_THAT(page, HasSubstr("<style>\nb{}</style>"));
  EXPECT_THAT(page, HasSubstr("<script>\nrun()</script>"));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  const auto data = nlohmann::json::parse(unpack(between(page, "id=\"data\">", "<")));
  EXPECT_EQ(data["runs"][0]["benchmarks"]["invoke/none/qtee"]["real_time"], nlohmann::json({2000, 2100}));
  EXPECT_EQ(data["runs"][0]["context"]["commit_subject"], sample_file()["context"]["commit_subject"]);
  EXPECT_EQ(unpack(between(page, "data-file=\"a&quot;&lt;b>.json\">", "<")), sample_file().dump(1));
}

TEST_F(PageTest, WhatWouldBreakThePageIsRefused) {
  PageParts broken = parts;
  broken.script = "'</script>'";
  EXPECT_THROW(page_fill(broken, runs, goals), std::invalid_argument);
  broken = parts;
  broken.style = "</style>";
  EXPECT_THROW(page_fill(broken, runs, goals), std::invalid_argument);
  broken = parts;
  broken.html = "<!--style--><!--script-->";
  EXPECT_THROW(page_fill(broken, runs, goals), std::invalid_argument);
  broken.html = parts.html + "<!--data-->";
  EXPECT_THROW(page_fill(broken, runs, goals), std::invalid_argument);
}

}  // namespace
}  // namespace qtee::dashboard::test
