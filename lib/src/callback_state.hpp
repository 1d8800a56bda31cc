// SPDX-License-Identifier: BSD-3-Clause
//
// What a callback server, its objects and the references that QTEE holds on them share.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "qtee/callback_handler.hpp"
#include "qtee/callback_object.hpp"
#include "qtee/file_descriptor.hpp"

namespace qtee::detail {

class CallbackState;

/// One object of a server. Owned by handles and by the references that QTEE holds.
class CallbackEntry final {
 public:
  CallbackEntry(std::shared_ptr<CallbackState> state, std::uint64_t key, std::shared_ptr<CallbackHandler> handler);
  ~CallbackEntry();

  const std::shared_ptr<CallbackState>& state() const noexcept { return state_; }
  CallbackHandler& handler() const noexcept { return *handler_; }

 private:
  friend class CallbackState;

  const std::shared_ptr<CallbackState> state_;
  const std::uint64_t key_;
  const std::shared_ptr<CallbackHandler> handler_;
  // Both under CallbackState::mutex_.
  std::uint64_t sequence_ = 0;
  std::size_t references_ = 0;
};

/// The objects of one server. Every reference that is given to QTEE has an id of its own, key << 24 | sequence, which
/// is not used again: a late release of one can't be taken for a release of another.
///
/// Lives as long as the server or an entry. Locking: mutex_ is never held when an entry or a handler goes.
class CallbackState final : public std::enable_shared_from_this<CallbackState> {
 public:
  /// Registers itself under `server`'s number, which stays taken until it goes.
  static std::shared_ptr<CallbackState> create(FileDescriptor server);
  ~CallbackState();

  /// The server that `fd` is, or nullptr.
  static std::shared_ptr<CallbackState> find(int fd);

  int fd() const noexcept { return server_.get(); }

  std::shared_ptr<CallbackEntry> add(std::shared_ptr<CallbackHandler> handler);

  /// One more reference; throws std::system_error with EBADF after stop().
  std::uint64_t reference_begin(const std::shared_ptr<CallbackEntry>& entry);
  /// The reference `id` is gone. Unknown ids are ignored.
  void reference_end(std::uint64_t id) noexcept;
  std::size_t references(const CallbackEntry& entry) const;
  std::size_t references() const;
  bool wait_released(const CallbackEntry& entry, std::chrono::milliseconds timeout) const;

  /// The object that `id` names or named, while it exists.
  std::shared_ptr<CallbackEntry> entry(std::uint64_t id) const;

  /// No more references: closes the driver's file, keeping its number, and drops what QTEE held. `stand_in` is any fd.
  void stop(int stand_in);

 private:
  friend class CallbackEntry;
  static constexpr unsigned kSequenceBits = 24;

  explicit CallbackState(FileDescriptor server) noexcept : server_(std::move(server)) {}

  const FileDescriptor server_;
  mutable std::mutex mutex_;
  mutable std::condition_variable released_;
  bool stopped_ = false;
  std::uint64_t next_key_ = 1;
  std::unordered_map<std::uint64_t, std::weak_ptr<CallbackEntry>> entries_;
  std::unordered_map<std::uint64_t, std::shared_ptr<CallbackEntry>> references_;
};

/// A reference on its way to QTEE, or an object on its way back.
class CallbackTransfer final {
 public:
  static CallbackTransfer begin(const CallbackObject& object);
  static void cancel(int server_fd, std::uint64_t id) noexcept;
  static CallbackObject find(int server_fd, std::uint64_t id) noexcept;
  static CallbackObject handle(std::shared_ptr<CallbackEntry> entry) noexcept {
    return CallbackObject(std::move(entry));
  }

  int server_fd;
  std::uint64_t id;
};

}  // namespace qtee::detail
