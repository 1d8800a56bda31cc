// SPDX-License-Identifier: BSD-3-Clause
#include "run_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "sample.hpp"

namespace qtee::dashboard::test {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(RunFileTest, RepetitionsBecomeSamplesByBareName) {
  const std::string text = sample_file().dump();
  const RunFile run = run_file_parse("20260102T030406Z-debian.json", text);
  ASSERT_EQ(run.benchmarks.size(), 2u);
  EXPECT_THAT(run.benchmarks.at("invoke/none/qtee").at("real_time"), ElementsAre(2000, 2100));
  EXPECT_THAT(run.benchmarks.at("invoke/none/qtee").at("budget_transport"), ElementsAre(1000, 1000));
  EXPECT_THAT(run.benchmarks.at("floor/getppid/floor").at("kernel_instructions"), ElementsAre(499));
  EXPECT_FALSE(run.benchmarks.at("floor/getppid/floor").contains("iterations"));
  EXPECT_EQ(run.time, "2026-01-02T03:04:06Z");
  EXPECT_EQ(run.text, text);
}

TEST(RunFileTest, TimeIsGoogleBenchmarksWhereTheNameTellsNone) {
  EXPECT_EQ(run_file_parse("mine.json", sample_file().dump()).time, "2026-01-02T03:04:05+00:00");
}

TEST(RunFileTest, ATreeWithoutGitHasNoCommit) {
  Json file = sample_file();
  for (const char* key : {"commit", "commit_time", "commit_subject", "dirty"}) file["context"].erase(key);
  const RunFile run = run_file_parse("20260102T030406Z-debian.json", file.dump());
  EXPECT_EQ(run.context["commit"], "none");
  EXPECT_EQ(run.context["commit_time"], "2026-01-02T03:04:06Z");
}

TEST(RunFileTest, WhoDoesNotSayHowLongItIsHasItsRepetitionsCounted) {
  Json file = sample_file();
  EXPECT_EQ(run_file_parse("a.json", file.dump()).context["quick"], "1");
  for (int i = 2; i < 9; ++i) {
    file["benchmarks"].push_back(file["benchmarks"][1]);
    file["benchmarks"].back()["repetition_index"] = i;
  }
  EXPECT_EQ(run_file_parse("a.json", file.dump()).context["quick"], "0");
  file["context"]["quick"] = "1";
  EXPECT_EQ(run_file_parse("a.json", file.dump()).context["quick"], "1");
}

TEST(RunFileTest, WhatIsCountedBeyondSomethingElseMayBeLess) {
  Json file = sample_file();
  file["benchmarks"][1]["over_none"] = -3;
  EXPECT_THAT(run_file_parse("a.json", file.dump()).benchmarks.at("invoke/none/qtee").at("over_none"), ElementsAre(-3));
}

TEST(RunFileTest, FailedBenchmarksAreKept) {
  Json file = sample_file();
  file["benchmarks"][0]["error_occurred"] = true;
  file["benchmarks"][0]["error_message"] = "no device";
  const RunFile run = run_file_parse("a.json", file.dump());
  EXPECT_EQ(run.failures.at("floor/getppid/floor"), "no device");
  EXPECT_FALSE(run.benchmarks.contains("floor/getppid/floor"));
}

struct Damage {
  const char* name;
  std::function<void(Json&)> damage;
  const char* told;
};

void PrintTo(const Damage& damage, std::ostream* stream) { *stream << damage.name; }

class DamagedTest : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedTest, IsToldWithTheFilesName) {
  Json file = sample_file();
  GetParam().damage(file);
  try {
    run_file_parse("bad.json", file.dump());
    FAIL() << "was taken";
  } catch (const BadFile& error) {
    EXPECT_THAT(error.what(), AllOf(StartsWith("bad.json: "), HasSubstr(GetParam().told)));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedTest,
    ::testing::Values(
        Damage{"NoObject", [](Json& f) { f = 7; }, "not an object"},
        Damage{"NoContext", [](Json& f) { f.erase("context"); }, "\"context\" is missing"},
        Damage{"NoKernel", [](Json& f) { f["context"].erase("kernel"); }, "context: \"kernel\" is missing"},
        Damage{"NoCommitTime", [](Json& f) { f["context"].erase("commit_time"); }, "\"commit_time\" is missing"},
        Damage{"NoDate", [](Json& f) { f["context"].erase("date"); }, "\"date\" is missing"},
        Damage{"NumberForText", [](Json& f) { f["context"]["cpus"] = 2; }, "\"cpus\" is not a string"},
        Damage{"Schema", [](Json& f) { f["context"]["qtee_schema"] = "2"; }, "\"qtee_schema\" is \"2\""},
        Damage{"Time", [](Json& f) { f["context"]["commit_time"] = "yesterday"; }, "no ISO 8601 time"},
        Damage{"Month", [](Json& f) { f["context"]["commit_time"] = "2026-13-01T00:00:00Z"; }, "no ISO 8601 time"},
        Damage{"Day", [](Json& f) { f["context"]["commit_time"] = "2026-02-29T00:00:00Z"; }, "no ISO 8601 time"},
        Damage{"Hour", [](Json& f) { f["context"]["commit_time"] = "2026-02-01T24:00:00Z"; }, "no ISO 8601 time"},
        Damage{"Zone", [](Json& f) { f["context"]["commit_time"] = "2026-02-01T00:00:00+99:00"; }, "no ISO 8601 time"},
        Damage{"Date", [](Json& f) { f["context"]["date"] = "yesterday"; }, "\"date\" is \"yesterday\""},
        Damage{"Twice", [](Json& f) { f["benchmarks"].push_back(f["benchmarks"][2]); },
               "repetition 1 of invoke/none/qtee for the"},
        Damage{"Absurd", [](Json& f) { f["benchmarks"][0]["real_time"] = 1e300; }, "\"real_time\" is 1e+300"},
        Damage{"Dirty", [](Json& f) { f["context"]["dirty"] = "yes"; }, "\"dirty\" is neither"},
        Damage{"Quick", [](Json& f) { f["context"]["quick"] = "yes"; }, "\"quick\" is neither"},
        Damage{"Suites", [](Json& f) { f["context"]["suites"] = 1; }, "\"suites\" is not a string"},
        Damage{"Settings", [](Json& f) { f["context"]["settings"] = "a=b"; }, "\"settings\" is not"},
        Damage{"Empty", [](Json& f) { f["benchmarks"] = Json::array(); }, "\"benchmarks\" is not a list"},
        Damage{"Name", [](Json& f) { f["benchmarks"][0]["name"] = "getppid"; }, "(getppid): the name is not"},
        Damage{"Who", [](Json& f) { f["benchmarks"][0]["name"] = "a/b/c"; }, "unknown \"c\""},
        Damage{"Unit", [](Json& f) { f["benchmarks"][1]["time_unit"] = "us"; }, "\"time_unit\" is not \"ns\""},
        Damage{"Text", [](Json& f) { f["benchmarks"][1]["real_time"] = "2"; }, "\"real_time\" is not a number"},
        Damage{"Negative", [](Json& f) { f["benchmarks"][2]["smcs"] = -1; }, "benchmarks[2] (invoke/none/qtee"},
        Damage{"Budget", [](Json& f) { f["benchmarks"][1]["budget_entry"] = 100; }, "add up to 1100, not to"},
        Damage{"Aggregates", [](Json& f) { f["benchmarks"] = Json::array({f["benchmarks"][3]}); }, "only aggregates"}),
    [](const auto& test) { return test.param.name; });

TEST(RunFileTest, WhatIsNoJsonIsToldWithItsPlace) {
  EXPECT_THAT([] { run_file_parse("cut.json", sample_file().dump().substr(0, 100)); },
              ::testing::ThrowsMessage<BadFile>(AllOf(StartsWith("cut.json: not JSON, at byte"))));
  const auto with = [](const char* number) {
    std::string text = sample_file().dump();
    return text.replace(text.find("100.5"), 5, number);
  };
  EXPECT_THAT([&] { run_file_parse("nan.json", with("NaN")); },
              ::testing::ThrowsMessage<BadFile>(StartsWith("nan.json: not JSON, at byte")));
  EXPECT_THAT([&] { run_file_parse("large.json", with("1e999")); },
              ::testing::ThrowsMessage<BadFile>(AllOf(StartsWith("large.json: a number"), HasSubstr("1e999"))));
}

TEST(RunFileTest, ItsNameIsTextAndATime) {
  const std::string text = sample_file().dump();
  EXPECT_THAT([&] { run_file_parse("20269999T999999Z-debian.json", text); },
              ::testing::ThrowsMessage<BadFile>(HasSubstr("there is no time 2026-99-99T99:99:99Z")));
  EXPECT_THAT([&] { run_file_parse("a\xff.json", text); },
              ::testing::ThrowsMessage<BadFile>(HasSubstr("the file's name is not UTF-8")));
}

class FolderTest : public ::testing::Test {
 protected:
  FolderTest() { std::filesystem::create_directories(path); }
  ~FolderTest() override { std::filesystem::remove_all(path); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }

  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("dashboard-test-" + std::to_string(getpid()));
};

TEST_F(FolderTest, FilesComeByNameAndOthersAreLeftAlone) {
  write("20260102T000000Z-lts.json", sample_file().dump());
  write("20260101T000000Z-debian.json", sample_file().dump());
  write("notes.txt", "no results");
  const auto runs = run_files_read(path);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].name, "20260101T000000Z-debian.json");
}

TEST_F(FolderTest, EachBadFileIsNamed) {
  write("a.json", "{");
  write("b.json", sample_file().dump());
  write("c.json", "");
  EXPECT_THAT([&] { run_files_read(path); },
              ::testing::ThrowsMessage<BadFile>(AllOf(HasSubstr("a.json: not JSON"), HasSubstr("c.json: not JSON"))));
}

TEST_F(FolderTest, NoFilesIsAnErrorThatSaysWhoMakesThem) {
  EXPECT_THAT([&] { run_files_read(path); }, ::testing::ThrowsMessage<BadFile>(HasSubstr("make bench writes them")));
  EXPECT_THAT([&] { run_files_read(path / "not"); }, ::testing::ThrowsMessage<BadFile>(HasSubstr("No such file")));
}

}  // namespace
}  // namespace qtee::dashboard::test
