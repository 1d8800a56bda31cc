// SPDX-License-Identifier: BSD-3-Clause
//
// Observations, as a watch makes them, and what is proposed for them.
#include "rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace qtee::tune {
namespace {

constexpr std::uint64_t kMs = 1'000'000;

class RulesTest : public ::testing::Test {
 protected:
  RulesTest() {
    seen_.cpus = 4;
    seen_.cma = true;
    seen_.transport = "scm";
    seen_.ns = 10'000 * kMs;
    seen_.settings = {{"message_in_kib", {60}},
                      {"message_out_kib", {4}},
                      {"messages_per_cpu", {2}},
                      {"messages_spare", {4}},
                      {"messages_max", {128}},
                      {"message_wait_ms", {100}},
                      {"pool_max_kib", {65536}},
                      {"trim_ms", {10000}},
                      {"message_retain", {1}},
                      {"contexts", {0}},
                      {"classes_kib", {128, 256, 512, 1024, 2048, 4096}},
                      {"classes_max", {4, 4, 4, 4, 4, 4}},
                      {"memory_idle_ms", {1000}}};
    seen_.sizes.assign(1025, 0);
    pool("pairs", 65536, 128).count = 12;
    for (const std::uint32_t kib : {128, 256, 512, 1024, 2048, 4096}) pool(std::to_string(kib) + "k", kib * 1024, 4);
    // So many calls of 40 KiB, of which nothing is to be said.
    calls(2000, 40 * 1024);
    for (const unsigned depth : {1, 2, 3, 4, 6, 8, 12, 16}) seen_.depths.emplace_back(depth, 0);
    seen_.at_once = 2;
    seen_.in_qtee = 1;
  }

  PoolSeen& pool(const std::string& name, std::uint32_t size, std::uint32_t limit) {
    PoolSeen pool;
    pool.name = name;
    pool.size = size;
    pool.limit = limit;
    return seen_.pools.emplace_back(pool);
  }
  PoolSeen& pool(const std::string& name) { return *std::ranges::find(seen_.pools, name, &PoolSeen::name); }
  void calls(std::uint64_t count, std::uint64_t bytes) {
    seen_.invocations += count;
    seen_.sizes[(bytes - 1) / 4096] += count;
    seen_.largest = std::max(seen_.largest, bytes);
  }
  /// So many, of a class that has a buffer for them.
  void large_calls(std::uint64_t count, std::uint64_t bytes, const std::string& name) {
    calls(count, bytes);
    pool(name).hits += count;
    pool(name).high_water = 1;
    pool(name).at_once = 1;
  }
  void depths(std::vector<std::uint64_t> misses) {
    for (std::size_t i = 0; i < seen_.depths.size(); ++i) seen_.depths[i].second = i < misses.size() ? misses[i] : 0;
  }

  Settings proposed() const { return proposed_settings(propose(seen_)); }
  /// The one that is called so.
  Proposal proposal(const std::string& name) const {
    for (const Proposal& one : propose(seen_))
      if (one.name.starts_with(name)) return one;
    ADD_FAILURE() << name << " is not proposed";
    return {};
  }
  bool advised(const std::string& name) const {
    const auto all = propose(seen_);
    return std::ranges::any_of(
        all, [&](const Proposal& one) { return one.kind == Proposal::Kind::advice && one.name.starts_with(name); });
  }

  Observation seen_;
};

TEST_F(RulesTest, NothingWhereAllIsWell) {
  for (const Proposal& one : propose(seen_)) ADD_FAILURE() << one.name << ": " << one.reason;
}

TEST_F(RulesTest, NothingOfNothing) {
  EXPECT_TRUE(propose({}).empty());
  Observation few = seen_;
  few.invocations = kEnough - 1;
  few.list_misses = few.invocations;
  EXPECT_TRUE(propose(few).empty());
}

TEST_F(RulesTest, AWatchThatLacksPartsIsNoReasonToFail) {
  const Settings all = seen_.settings;
  seen_.settings.clear();
  EXPECT_TRUE(proposed().empty());
  seen_.settings = all;
  seen_.pools.clear();
  seen_.depths.clear();
  EXPECT_TRUE(proposed().empty());
  Observation bare;
  bare.invocations = 1000;
  bare.list_misses = 1000;
  bare.maps_again = 5;
  bare.busy = 5;
  bare.transport = "direct";
  EXPECT_TRUE(propose(bare).empty());
}

TEST_F(RulesTest, AbsurdCountsStayInBounds) {
  seen_.settings["messages_max"] = {65536};
  seen_.at_once = std::numeric_limits<unsigned>::max() / 2;
  seen_.list_misses = std::numeric_limits<std::uint64_t>::max() / 100;
  for (PoolSeen& one : seen_.pools) {
    one.waits = one.failures = one.no_memory = one.misses = one.made = one.remade = 1'000'000'000;
    one.at_once = 100'000;
    one.gap_most_ns = std::numeric_limits<std::uint64_t>::max();
  }
  seen_.maps_again = 1'000'000;
  seen_.maps_gap_most_ns = std::numeric_limits<std::uint64_t>::max();
  seen_.callbacks = 1'000'000;
  seen_.outbound_largest = 4 << 20;
  for (const auto& [name, values] : proposed()) EXPECT_NO_THROW(values_check(tunable(name), values)) << name;
}

TEST_F(RulesTest, ListsAreMadeAsDeepAsTheSimulationSays) {
  seen_.at_once = 10;
  seen_.list_misses = 800;
  depths({1500, 800, 400, 100, 19, 0, 0, 0});
  // 19 of 2000 is less than one in a hundred, 100 is not.
  EXPECT_EQ(proposed(), (Settings{{"messages_per_cpu", {6}}}));
  const Proposal one = proposal("messages_per_cpu");
  EXPECT_NEAR(*one.instructions, 781 * 335 / 2000.0, 0.5);
  EXPECT_EQ(*one.memory, -4 * 4 * 65536);
  EXPECT_NE(one.reason.find("800 of 2,000 invocations"), std::string::npos) << one.reason;
}

TEST_F(RulesTest, ListsStayWhereFewMiss) {
  seen_.list_misses = 40;
  depths({100, 40, 0});
  EXPECT_TRUE(proposed().empty()) << "2 of a hundred";
  seen_.list_misses = 41;
  EXPECT_EQ(proposed(), (Settings{{"messages_per_cpu", {3}}}));
}

TEST_F(RulesTest, ListsDoNotTakeHalfOfTheMemory) {
  seen_.list_misses = 800;
  depths({1500, 800, 700, 600, 500, 400, 300, 200});
  EXPECT_EQ(proposed(), (Settings{{"messages_per_cpu", {16}}}));
  seen_.settings["pool_max_kib"] = {4 * 16 * 64};
  EXPECT_FALSE(proposed().contains("messages_per_cpu"));
}

TEST_F(RulesTest, PairsThatAreMadeAgainAreKept) {
  pool("pairs").made = pool("pairs").remade = 100;
  seen_.at_once = 20;
  // 21 with that of the releases, and 8 in the lists.
  EXPECT_EQ(proposed(), (Settings{{"messages_spare", {13}}}));
  EXPECT_NEAR(*proposal("messages_spare").instructions, 100 * 83961 / 2000.0, 1);
}

TEST_F(RulesTest, WhoWaitsForAPairGetsMore) {
  pool("pairs").waits = 5;
  pool("pairs").misses = 5;
  pool("pairs").waited_ns = 50 * kMs;
  seen_.at_once = 140;
  EXPECT_EQ(proposed(), (Settings{{"messages_max", {256}}}));
  EXPECT_NE(proposal("messages_max").gain.find("10.0 ms each"), std::string::npos) << proposal("messages_max").gain;
}

TEST_F(RulesTest, MemoryIsRaisedWhereThereWasNone) {
  pool("pairs").failures = pool("pairs").no_memory = 3;
  const Settings settings = proposed();
  EXPECT_EQ(settings, (Settings{{"pool_max_kib", {131072}}}));
}

TEST_F(RulesTest, BuffersThatAreMadeAgainAreKeptLonger) {
  large_calls(100, 900'000, "1024k");
  pool("1024k").misses = 20;
  pool("1024k").made = pool("1024k").remade = pool("1024k").again = 20;
  pool("1024k").gap_most_ns = 5000 * kMs;
  const Settings settings = proposed();
  // 1.5 times what goes by until a buffer goes, and the gap: 30 s; and then the next nice one.
  EXPECT_EQ(settings, (Settings{{"trim_ms", {50000}}}));
  EXPECT_NEAR(*proposal("trim_ms").instructions, 20.0 * 282961 / 2100, 1);
}

TEST_F(RulesTest, OneBufferThatIsMadeAgainSaysNothing) {
  large_calls(100, 900'000, "1024k");
  pool("1024k").remade = 1;
  EXPECT_TRUE(proposed().empty());
}

TEST_F(RulesTest, WhoWaitsForALargeBufferGetsMore) {
  large_calls(100, 900'000, "1024k");
  pool("1024k").waits = 7;
  pool("1024k").at_once = 8;
  EXPECT_EQ(proposed(), (Settings{{"classes_max", {4, 4, 4, 10, 4, 4}}}));
}

TEST_F(RulesTest, ASizeThatFitsSavesMemory) {
  large_calls(100, 1'100'000, "2048k");
  const Settings settings = proposed();
  // 1076 KiB in whole pages, a sixteenth more, in steps of 32.
  EXPECT_EQ(settings.at("classes_kib"), (Values{128, 256, 512, 1024, 1152, 2048, 4096}));
  EXPECT_EQ(settings.at("classes_max").size(), 7u);
  EXPECT_EQ(*proposal("classes_kib").memory, (2048 - 1152) * 1024);
}

TEST_F(RulesTest, ASizeThatFitsIsNothingWithoutCma) {
  seen_.cma = false;
  large_calls(100, 1'100'000, "2048k");
  EXPECT_TRUE(proposed().empty());
}

TEST_F(RulesTest, ThereAreNoMoreThanEightClasses) {
  large_calls(100, 2'200'000, "4096k");
  seen_.settings["classes_kib"] = {128, 256, 512, 600, 1024, 2048, 4096};
  seen_.settings["classes_max"] = {4, 4, 4, 4, 4, 4, 4};
  EXPECT_EQ(proposed().at("classes_kib"), (Values{128, 256, 512, 600, 1024, 2048, 2304, 4096}));
  seen_.settings["classes_kib"] = {64, 128, 256, 512, 600, 1024, 2048, 4096};
  seen_.settings["classes_max"] = {4, 4, 4, 4, 4, 4, 4, 4};
  EXPECT_FALSE(proposed().contains("classes_kib"));
}

TEST_F(RulesTest, PairsGrowWhereManyMessagesAreALittleTooLarge) {
  large_calls(1000, 90 * 1024, "128k");
  EXPECT_EQ(proposed(), (Settings{{"message_in_kib", {92}}}));
  // A class's buffer, and the clearing of 90 KiB of it, which messages in pairs do without.
  EXPECT_NEAR(*proposal("message_in_kib").instructions, (520 + 90 * 1024 * 0.0626) / 3, 50);
  EXPECT_NE(proposal("message_in_kib").gain.find("follow each other"), std::string::npos);
  seen_.settings["message_retain"] = {0};
  EXPECT_NEAR(*proposal("message_in_kib").instructions, 520 / 3.0, 1) << "pairs are cleared as well";
  EXPECT_EQ(proposal("message_in_kib").gain.find("follow each other"), std::string::npos);
  seen_.cma = false;
  EXPECT_EQ(proposed(), (Settings{{"message_in_kib", {124}}})) << "with the outbound buffer a power of two";
}

TEST_F(RulesTest, PairsDoNotGrowForVeryLargeMessages) {
  large_calls(1000, 1000 * 1024, "1024k");
  EXPECT_FALSE(proposed().contains("message_in_kib"));
  pool("pairs").count = 1;
  EXPECT_FALSE(proposed().contains("message_in_kib")) << "though there would be little memory in them";
}

TEST_F(RulesTest, PairsShrinkWhereAllMessagesAreSmall) {
  seen_.sizes.assign(1025, 0);
  seen_.largest = 0;
  calls(1000, 3000);
  EXPECT_EQ(proposed(), (Settings{{"message_in_kib", {8}}}));
  EXPECT_EQ(*proposal("message_in_kib").memory, 12 * 52 * 1024);
  EXPECT_EQ(*proposal("message_in_kib").instructions, 0);
  // 520 and 8 KiB cleared.
  EXPECT_NE(proposal("message_in_kib").gain.find("some 1033 instructions more"), std::string::npos)
      << proposal("message_in_kib").gain;
  seen_.cma = false;
  EXPECT_EQ(proposed(), (Settings{{"message_in_kib", {12}}}));
  seen_.page_kib = 16;
  EXPECT_EQ(proposed(), (Settings{{"message_in_kib", {16}}}));
}

TEST_F(RulesTest, PairsDoNotShrinkForAShortWatch) {
  seen_.sizes.assign(1025, 0);
  seen_.invocations = seen_.largest = 0;
  calls(999, 3000);
  EXPECT_TRUE(proposed().empty());
}

TEST_F(RulesTest, CallbackRequestsThatHardlyFitGetRoom) {
  seen_.callbacks = 10;
  seen_.outbound_largest = 3000;
  EXPECT_TRUE(proposed().empty());
  seen_.outbound_largest = 3100;
  EXPECT_EQ(proposed(), (Settings{{"message_out_kib", {8}}}));
}

TEST_F(RulesTest, ContextsAreAsManyAsQteeTakes) {
  seen_.transport = "direct";
  seen_.in_qtee = 9;
  seen_.busy = 50;
  seen_.busy_fewest = 5;
  EXPECT_EQ(proposed(), (Settings{{"contexts", {4}}}));
  seen_.settings["contexts"] = {4};
  EXPECT_TRUE(proposed().empty()) << "that is so already";
  seen_.busy = 0;
  EXPECT_EQ(proposed(), (Settings{{"contexts", {8}}})) << "it was never busy";
  seen_.transport = "smc";
  EXPECT_TRUE(proposed().empty()) << "it is the transport direct's";
}

TEST_F(RulesTest, MemoryThatIsMappedAgainStaysLonger) {
  seen_.maps = 30;
  seen_.maps_again = 25;
  seen_.maps_gap_most_ns = 3000 * kMs;
  EXPECT_EQ(proposed(), (Settings{{"memory_idle_ms", {10000}}}));
  EXPECT_NEAR(*proposal("memory_idle_ms").instructions, 25 * 22650 / 2000.0, 1);
}

TEST_F(RulesTest, ServersThatKeepCallbacksWaitingAreNamed) {
  seen_.callbacks = 100;
  seen_.requests_at_once = 6;
  seen_.servers.push_back({"keystore", 77, 100, 40, 400 * kMs, 30 * kMs, 2});
  EXPECT_TRUE(proposed().empty()) << "no setting of the driver's";
  const Proposal one = proposal("threads of keystore[77]");
  EXPECT_NE(one.reason.find("40 of its 100 callbacks (40.0 %)"), std::string::npos) << one.reason;
  EXPECT_NE(one.gain.find("with 6 threads"), std::string::npos) << one.gain;
  seen_.servers[0].behind = 5;
  EXPECT_FALSE(advised("threads of")) << "one in twenty";
}

TEST_F(RulesTest, ProgramsThatHaveMuchCopiedAreNamed) {
  seen_.copiers.push_back({"camera", 78, 100, 100 * 1'000'000});
  EXPECT_TRUE(advised("message buffers in camera[78]"));
  EXPECT_NEAR(*proposal("message buffers").instructions, 100 * 1e6 * 0.3483 / 2000, 10);
  seen_.copiers[0].bytes = 100 * 16000;
  EXPECT_FALSE(advised("message buffers"));
}

TEST_F(RulesTest, WhoWaitsForTheMutexIsTold) {
  seen_.in_qtee = 3;
  EXPECT_TRUE(advised("transport"));
  EXPECT_NE(proposal("transport").gain.find("some 450 instructions"), std::string::npos);
  seen_.transport = "direct";
  EXPECT_FALSE(advised("transport"));
}

TEST_F(RulesTest, SettingsComeFirstAndTheMostUsefulOfThem) {
  seen_.in_qtee = 3;
  seen_.list_misses = 800;
  depths({1500, 800, 0});
  large_calls(100, 900'000, "1024k");
  pool("1024k").made = pool("1024k").remade = pool("1024k").again = 20;
  const auto all = propose(seen_);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "trim_ms");
  EXPECT_EQ(all[1].name, "messages_per_cpu");
  EXPECT_EQ(all[2].kind, Proposal::Kind::advice);
}

}  // namespace
}  // namespace qtee::tune
