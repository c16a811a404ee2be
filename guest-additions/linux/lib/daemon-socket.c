// The tools' end of the daemon's socket.

#include "daemon-socket.h"
#include "text.h"

struct UnixAddress toolAddress(void) {
  struct UnixAddress address = {.family = AF_UNIX};
  put(address.path, TOOL_SOCKET);
  return address;
}

i32 connectToDaemon(void) {
  struct UnixAddress address = toolAddress();
  i32 file = syscall3(SYS_SOCKET, AF_UNIX, SOCK_SEQPACKET | O_CLOEXEC, 0);
  if (file < 0) return file;
  i32 status = syscall3(SYS_CONNECT, (u32)file, (u32)&address, sizeof address);
  if (status < 0) closeFile(file);
  return status < 0 ? status : file;
}
