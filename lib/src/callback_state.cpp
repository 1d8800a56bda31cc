// SPDX-License-Identifier: BSD-3-Clause
#include "callback_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "system_error.hpp"

namespace qtee {
namespace detail {
namespace {

// All servers of the process, by the number of their fd: an object that comes back names its server so.
struct Registry {
  std::mutex mutex;
  std::unordered_map<int, std::weak_ptr<CallbackState>> servers;
};

Registry& registry() {
  static Registry* const instance = new Registry;  // never destroyed: servers may outlive static destruction
  return *instance;
}

}  // namespace

CallbackEntry::CallbackEntry(std::shared_ptr<CallbackState> state, std::uint64_t key,
                             std::shared_ptr<CallbackHandler> handler)
    : state_(std::move(state)), key_(key), handler_(std::move(handler)) {}

CallbackEntry::~CallbackEntry() {
  const std::lock_guard lock(state_->mutex_);
  state_->entries_.erase(key_);
}

std::shared_ptr<CallbackState> CallbackState::create(FileDescriptor server) {
  const int fd = server.get();
  std::shared_ptr<CallbackState> state(new CallbackState(std::move(server)));
  const std::lock_guard lock(registry().mutex);
  registry().servers[fd] = state;
  return state;
}

CallbackState::~CallbackState() {
  const std::lock_guard lock(registry().mutex);
  registry().servers.erase(server_.get());
}

std::shared_ptr<CallbackState> CallbackState::find(int fd) {
  const std::lock_guard lock(registry().mutex);
  const auto found = registry().servers.find(fd);
  return found == registry().servers.end() ? nullptr : found->second.lock();
}

std::shared_ptr<CallbackEntry> CallbackState::add(std::shared_ptr<CallbackHandler> handler) {
  std::uint64_t key;
  {
    const std::lock_guard lock(mutex_);
    key = next_key_++;
  }
  auto entry = std::make_shared<CallbackEntry>(shared_from_this(), key, std::move(handler));
  const std::lock_guard lock(mutex_);
  entries_[key] = entry;
  return entry;
}

std::uint64_t CallbackState::reference_begin(const std::shared_ptr<CallbackEntry>& entry) {
  const std::lock_guard lock(mutex_);
  if (stopped_) throw_errno(EBADF, "pass an object of a callback server that has stopped");
  std::uint64_t id;
  do id = entry->key_ << kSequenceBits | (entry->sequence_++ & ((std::uint64_t{1} << kSequenceBits) - 1));
  while (!references_.try_emplace(id, entry).second);
  ++entry->references_;
  return id;
}

void CallbackState::reference_end(std::uint64_t id) noexcept {
  std::shared_ptr<CallbackEntry> last;  // goes after the lock
  {
    const std::lock_guard lock(mutex_);
    const auto found = references_.find(id);
    if (found == references_.end()) return;
    last = std::move(found->second);
    references_.erase(found);
    if (--last->references_ != 0) return;
  }
  released_.notify_all();
}

std::size_t CallbackState::references(const CallbackEntry& entry) const {
  const std::lock_guard lock(mutex_);
  return entry.references_;
}

std::size_t CallbackState::references() const {
  const std::lock_guard lock(mutex_);
  return references_.size();
}

bool CallbackState::wait_released(const CallbackEntry& entry, std::chrono::milliseconds timeout) const {
  std::unique_lock lock(mutex_);
  return released_.wait_for(lock, timeout, [&] { return entry.references_ == 0; });
}

std::shared_ptr<CallbackEntry> CallbackState::entry(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = references_.find(id); found != references_.end()) return found->second;
  const auto found = entries_.find(id >> kSequenceBits);
  return found == entries_.end() ? nullptr : found->second.lock();
}

void CallbackState::stop(int stand_in) {
  std::unordered_map<std::uint64_t, std::shared_ptr<CallbackEntry>> dropped;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    dropped.swap(references_);
    for (const auto& [id, entry] : dropped) entry->references_ = 0;
  }
  released_.notify_all();
  // Replaced, not closed: a thread that is passing one of our objects right now must not name another file.
  ::dup3(stand_in, server_.get(), O_CLOEXEC);
}

CallbackTransfer CallbackTransfer::begin(const CallbackObject& object) {
  CallbackState& state = *object.entry_->state();
  return {state.fd(), state.reference_begin(object.entry_)};
}

void CallbackTransfer::cancel(int server_fd, std::uint64_t id) noexcept {
  if (const auto state = CallbackState::find(server_fd)) state->reference_end(id);
}

CallbackObject CallbackTransfer::find(int server_fd, std::uint64_t id) noexcept {
  const auto state = CallbackState::find(server_fd);
  return CallbackObject(state ? state->entry(id) : nullptr);
}

}  // namespace detail

CallbackObject::CallbackObject() noexcept = default;
CallbackObject::CallbackObject(CallbackObject&&) noexcept = default;
CallbackObject& CallbackObject::operator=(CallbackObject&&) noexcept = default;
CallbackObject::~CallbackObject() = default;
CallbackObject::CallbackObject(std::shared_ptr<detail::CallbackEntry> entry) noexcept : entry_(std::move(entry)) {}

CallbackObject CallbackObject::duplicate() const { return CallbackObject(entry_); }

std::size_t CallbackObject::references() const { return entry_ ? entry_->state()->references(*entry_) : 0; }

bool CallbackObject::wait_released(std::chrono::milliseconds timeout) const {
  return !entry_ || entry_->state()->wait_released(*entry_, timeout);
}

}  // namespace qtee
