// SPDX-License-Identifier: BSD-3-Clause
#include "options.hpp"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <string>

namespace qtee::bpf {
namespace {

class OptionsTest : public ::testing::Test {
 protected:
  OptionsTest() { options_add(app_, options_, Interval::offered); }
  /// The arguments, as a shell would split them.
  void parse(const std::string& arguments) { app_.parse("tool " + arguments, true); }

  CLI::App app_;
  Options options_;
};

TEST_F(OptionsTest, NothingIsFilteredUnlessItIsAskedFor) {
  parse("");
  const qtee_filter filter = options_.filter();
  EXPECT_FALSE(filter.by_process || filter.by_comm || filter.by_object || filter.by_op);
  EXPECT_FALSE(options_.duration);
}

TEST_F(OptionsTest, FiltersAreRead) {
  parse("-p 17 -o 0x4000 -O RELEASE -d 1.5 -i 100ms");
  const qtee_filter filter = options_.filter();
  EXPECT_TRUE(filter.by_process && !filter.by_comm && filter.by_object && filter.by_op);
  EXPECT_EQ(filter.tgid, 17u);
  EXPECT_EQ(filter.object, 0x4000u);
  EXPECT_EQ(filter.op, 0xffffu);
  EXPECT_EQ(options_.duration, 1'500'000'000u);
  EXPECT_EQ(options_.interval, 100'000'000u);
}

TEST_F(OptionsTest, NamesSayMoreThanNumbers) {
  parse("--process keystore --operation open");
  const qtee_filter filter = options_.filter();
  EXPECT_TRUE(filter.by_comm && !filter.by_process);
  EXPECT_STREQ(filter.comm, "keystore");
  EXPECT_TRUE(filter.by_object && filter.by_op) << "open is the root object's";
  EXPECT_EQ(filter.object, 1u);
  EXPECT_EQ(filter.op, 0u);
}

TEST_F(OptionsTest, TheCommandsOptionsAreItsOwn) {
  parse("-j -- ls -d /tmp --json");
  EXPECT_TRUE(options_.json);
  EXPECT_FALSE(options_.duration);
  EXPECT_EQ(options_.command, (std::vector<std::string>{"ls", "-d", "/tmp", "--json"}));
}

TEST_F(OptionsTest, WhatIsWrongIsRefused) {
  for (const char* arguments : {"-p 99999999999",
                                "-p a-name-of-16-char",
                                "-o 4294967296",
                                "-o root",
                                "-O nothing",
                                "-d -1",
                                "-d soon",
                                "-i 1ms",
                                "-o 2 -O open",
                                "-O MAP_REGION",
                                "-d nan",
                                "-d inf",
                                "-d 1e400",
                                "-p ''",
                                "-p=",
                                "--process=",
                                "-o ''",
                                "-O ''",
                                "-d ''",
                                "-i ''",
                                "--nothing"})
    EXPECT_THROW(parse(arguments), CLI::ParseError) << arguments;
}

}  // namespace
}  // namespace qtee::bpf
