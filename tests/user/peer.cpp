// SPDX-License-Identifier: BSD-3-Clause
#include "peer.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include "qtee/qtee.hpp"
#include "raw.hpp"
#include "vsoc_service.hpp"

namespace qtee::test {
namespace {

using vsoc::Op;

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(what);
}

void peer_use(int socket) {
  const Object object = Object::receive(socket);
  const MemoryObject memory = MemoryObject::receive(socket);
  require(object.call<std::uint64_t>(Op::echo, kPeerWord) == kPeerWord, "the object gives another echo");
  require(memory.map().access(CpuAccess::Mode::read).load<std::uint64_t>(0) == kPeerWord,
          "the memory has another word");
  object.call(Op::fill, vsoc::FillRequest{0, memory.size(), kPeerSeed}, memory);
  object.call<Object>(Op::create).send(socket);
}

void peer_serve(int socket) {
  const FileDescriptor server = FileDescriptor::receive(socket);
  RawRequest request;
  require(request.receive(server.get()) == 0, "no request");
  require(request.head().id == kPeerObject && request.head().num_params == 4, "another request than was made");
  const std::span<const std::byte> in = detail::param_memory(request.param(0));
  const std::vector<std::byte> out(in.rbegin(), in.rend());
  require(out.size() <= request.param(1).buffer.len, "no room for the answer");
  require(request.param(2).object.host_id == QCOM_TEE_OBJECT_SECURE, "no object");
  const Object service(FileDescriptor(static_cast<int>(request.param(2).object.id)));
  const Object made = service.call<Object>(Op::create);
  request.param(1) = param_out(const_cast<std::byte*>(out.data()), out.size());
  request.param(3) = param_object(made.fd(), QCOM_TEE_OBJECT_SECURE);
  request.param(3).direction = 0;
  require(request.reply(server.get()) == 0, "the answer was not taken");

  require(request.receive(server.get()) == 0, "no release");
  require(request.head().request_id == 0 && request.head().op == QCOM_TEE_OP_RELEASE, "another request");
  require(request.head().id == kPeerObject, "the release of another object");
}

void peer_look(int descriptor) {
  vsoc::Residue found{};
  std::vector<std::byte> output(kPeerOutput);
  RawInvoke call(static_cast<std::uint32_t>(Op::residue),
                 {param_out(&found, sizeof found), param_out(output.data(), output.size())});
  require(call.invoke(descriptor) == 0 && call.head().result == 0, "it can't look");
  require(found.inbound == 0 && found.outputs == 0, "something is left");
}

const std::map<std::string_view, void (*)(int)> kJobs{
    {peer_job::use, peer_use}, {peer_job::serve, peer_serve}, {peer_job::look, peer_look}};

}  // namespace

int peer_exec(const char* job, int socket) {
  const char* name = sizeof(void*) == 8 ? "test_user32" : "test_user";
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").replace_filename(name);
  const std::string descriptor = std::to_string(socket);
  ::fcntl(socket, F_SETFD, 0);
  ::execl(program.c_str(), name, "--peer", job, descriptor.c_str(), nullptr);
  std::perror(program.c_str());
  return 127;
}

bool peer_main(int argc, char** argv, int& status) {
  if (argc != 4 || std::string_view(argv[1]) != "--peer") return false;
  const std::string_view job = argv[2];
  const int socket = std::stoi(argv[3]);
  try {
    require(kJobs.contains(job), "no such job");
    kJobs.at(job)(socket);
    status = sizeof(void*);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "peer: %s\n", error.what());
    status = 100;
  }
  return true;
}

}  // namespace qtee::test
