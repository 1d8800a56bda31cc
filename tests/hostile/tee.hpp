// SPDX-License-Identifier: BSD-3-Clause
//
// A user of /dev/teeN who means harm.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "garbage.hpp"

namespace qtee::hostile {

/// Opens of /dev/teeN, each with an object of the private service, and what all threads of a process share.
class TeeWorld {
 public:
  static constexpr std::size_t kDevices = 3;

  /// `shared` is an open that another process has too, and closes after this one.
  explicit TeeWorld(int shared);
  ~TeeWorld();
  TeeWorld(const TeeWorld&) = delete;
  TeeWorld& operator=(const TeeWorld&) = delete;

  std::size_t any_device(Random& random) const { return random() % kDevices; }
  int device(std::size_t index) const { return devices_[index]; }
  std::uint64_t service(std::size_t index) const { return services_[index]; }
  const Pages& pages() const { return pages_; }
  Pages& pages() { return pages_; }
  Descriptors& descriptors() { return descriptors_; }

  std::atomic<bool> stop{false};
  std::atomic<bool> served{false};  // nobody needs an answer any more
  std::atomic<std::uint64_t> calls{0};
  std::atomic<std::uint64_t> successes{0};
  // The newest request that a device's servers were told of.
  std::array<std::atomic<std::uint64_t>, kDevices> request{};
  // Ids of objects and of memory that somebody has or had.
  std::array<std::atomic<std::uint64_t>, 64> ids{};

 private:
  int shared_;
  std::array<int, kDevices> devices_{};
  std::array<std::uint64_t, kDevices> services_{};
  Pages pages_;
  Descriptors descriptors_;
};

/// All actors of one process, until the time is over or somebody kills it. Calls, and those that ended with 0.
std::pair<std::uint64_t, std::uint64_t> tee_harm(int shared, std::uint64_t seed, int clients,
                                                 std::chrono::seconds time);

/// Opens the device. Throws std::system_error.
int tee_open();

}  // namespace qtee::hostile
