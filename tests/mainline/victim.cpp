// SPDX-License-Identifier: BSD-3-Clause
#include "victim.hpp"

#include <unistd.h>

#include "fixture.hpp"

namespace qtee::judge {
namespace {

void say_ready() { (void)!::write(STDOUT_FILENO, &kVictimReady, 1); }

}  // namespace

int victim_run(const std::string& state) {
  Client client = Client::open(2);
  const Object own = client.open_service(vsoc::kServiceUid);
  if (!own) return 1;
  const Service service(own);
  const Callee callee(*client.server, [&](Request&) {
    say_ready();
    for (;;) ::pause();
    return 0;
  });
  std::vector<Received> objects(10);
  SharedMemory memory(*client.device, 4096);
  Object mapped;
  if (!service.create(objects).ok()) return 1;
  if (state == "callback") {
    (void)service.run(service.call(vsoc::Op::callback)
                          .in_value(vsoc::CallbackRequest{1, 1})
                          .in_callback(*client.server, callee.id())
                          .in_object(objects[0].object()));
    return 1;
  }
  if (state == "held") {
    if (!service.hold(*client.server, {callee.id(), callee.id()}).ok() || !service.hold(memory.ref()).ok()) return 1;
  } else if (state == "memory") {
    if (!service.map(memory.ref(), {0, 4096}, mapped).ok()) return 1;
  } else if (state == "work") {
    say_ready();
    for (;;) {
      if (!service.work(2'000'000).ok()) return 1;
    }
  } else if (state != "objects") {
    return 1;
  }
  say_ready();
  for (;;) ::pause();
}

}  // namespace qtee::judge
