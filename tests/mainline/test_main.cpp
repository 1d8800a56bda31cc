// SPDX-License-Identifier: BSD-3-Clause
//
// test_mainline: judges a QTEE through a TEE device with the mainline user API. Runs in the guest.
#include "fixture.hpp"
#include "victim.hpp"

int main(int argc, char** argv) {
  if (argc == 3 && std::string(argv[1]) == qtee::judge::kVictimArgument) return qtee::judge::victim_run(argv[2]);
  ::testing::InitGoogleMock(&argc, argv);
  ::testing::AddGlobalTestEnvironment(&qtee::judge::World::get());
  return RUN_ALL_TESTS();
}
