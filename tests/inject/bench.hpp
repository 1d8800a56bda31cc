// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <mutex>
#include <span>
#include <thread>

#include "alive.hpp"
#include "parameter.hpp"
#include "qtee/qtee.hpp"
#include "raw.hpp"
#include "scenario.hpp"
#include "vsoc_service.hpp"

namespace qtee::inject {

using test::param_in;
using test::param_object;
using test::param_object_out;
using test::param_out;
using test::RawInvoke;
using test::RawRequest;

inline constexpr std::uint32_t kOpMirror = static_cast<std::uint32_t>(vsoc::Op::mirror);
inline constexpr std::uint32_t kOpCallback = static_cast<std::uint32_t>(vsoc::Op::callback);

/// What all scenarios use, and what lives as long as they do. The server's fd does not block.
class Bench {
 public:
  static constexpr std::size_t kMemories = 5;

  Bench();

  const Root& root() const { return root_; }
  const vsoc::Service& service() const { return service_; }
  int service_fd() const { return service_.object().fd(); }
  int server() const { return server_.get(); }
  /// An object in QTEE that has the service's operations.
  int tee_object() const { return tee_object_.fd(); }
  /// dma-bufs, each in one piece.
  const MemoryObject& memory(std::size_t index) const { return memories_[index % kMemories]; }

  /// An output object of a server's answer: a TEE object, a callback object and a memory object in turn.
  void give(qcom_tee_param& param, std::size_t turn) const { give(param, turn, server()); }
  void give(qcom_tee_param& param, std::size_t turn, int server) const;

  /// Ids of callback objects that QTEE holds, and pairs of message buffers that there are.
  std::uint64_t callback_ids() const { return callback_ids_.now(); }
  std::uint64_t message_pairs() const { return message_pairs_.now(); }

  /// Invokes until QTEE holds `ids` ids of callback objects.
  void settle(std::uint64_t ids) const;
  /// The same, and takes all notifications from a server's queue. Returns how many.
  unsigned notifications_take(std::uint64_t ids) const { return notifications_take(ids, server()); }
  unsigned notifications_take(std::uint64_t ids, int server) const;

 private:
  Root root_;
  vsoc::Service service_;
  Object tee_object_;
  FileDescriptor server_;
  std::array<MemoryObject, kMemories> memories_;
  // No pairs come and go in the background: each one that does is a scenario's.
  test::Parameter spare_{"messages_spare", 0};
  test::Parameter trim_{"trim_ms", 3'600'000};
  test::DriverNumber callback_ids_{"statistics/callback_ids"};
  test::DriverNumber message_pairs_{"statistics/messages"};
};

/// Waits for a request or a notification. Throws std::runtime_error when none comes.
void request_wait(int server);

/// The parameters of a call.
std::span<qcom_tee_param> params_of(RawInvoke& call);
std::span<qcom_tee_param> params_of(RawRequest& request);

/// Closes the descriptors among the parameters of one direction.
void params_close(std::span<qcom_tee_param> params, bool inputs);

/// Invokes on a thread of its own. `call` outlives it.
std::future<Outcome> invoke_elsewhere(int fd, RawInvoke& call);

/// Serves the bench's server on a thread: closes what comes, answers with data and objects.
class Responder {
 public:
  explicit Responder(const Bench& bench);
  ~Responder();

  /// Callback objects that were given in answers, and notifications that came, since this was last asked. What the
  /// queue had is in it.
  struct Books {
    unsigned given = 0;
    unsigned notified = 0;
  };
  Books books_take();

 private:
  void serve_all();
  void answer(RawRequest& request);

  const Bench& bench_;
  std::array<std::uint64_t, 512> bytes_{};
  std::mutex mutex_;  // guards the books; held while the queue is emptied
  Books books_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace qtee::inject
