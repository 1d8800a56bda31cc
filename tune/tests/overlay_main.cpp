// SPDX-License-Identifier: BSD-3-Clause
//
// Writes the overlay of a profile of packaging/profiles, for dtc to judge.
#include <cstdio>
#include <exception>

#include "profile.hpp"

int main(int argc, char** argv) {
  using namespace qtee::tune;
  if (argc != 2) return 2;
  try {
    std::fputs(overlay_format(profile_load(argv[1], {PROFILES}).settings, "A title").c_str(), stdout);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
