// SPDX-License-Identifier: BSD-3-Clause
//
// Who does harm. Each runs until world.stop, on a seed of its own, and leaves what it got open no longer than it lives.
#pragma once

#include <cstdint>

#include "garbage.hpp"

namespace qtee::hostile {

// Invokes the root object and the private service with whatever comes to mind.
void act_as_client(World& world, std::uint64_t seed);

// Has the driver make memory objects and message buffers, maps them, passes them, and closes what it got in any order.
void act_as_owner(World& world, std::uint64_t seed);

// Receives and replies: mostly right, often late, wrong, short, twice or to somebody else.
void act_as_server(World& world, std::uint64_t seed, int server);

}  // namespace qtee::hostile
