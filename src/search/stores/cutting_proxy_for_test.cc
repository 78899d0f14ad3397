// CuttingProxy: stands between a client and a server on a socket.
#include "search/stores/cutting_proxy_for_test.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "base/descriptor.h"

namespace pegbox {
namespace {

sockaddr_un socket_in(const Path& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = (folder / ".s.PGSQL.5432").string();
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

bool send_all(int to, const char* bytes, ssize_t count) {
  while (count > 0) {
    const ssize_t sent = ::send(to, bytes, static_cast<std::size_t>(count), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    count -= sent;
  }
  return true;
}

}  // namespace

struct CuttingProxy::Pair {
  Descriptor client, server;
  std::atomic<bool> is_cut = false;
  std::thread thread;
};

CuttingProxy::CuttingProxy(Path server_folder)
    : folder_(TemporaryFolder::create("pegbox-proxy").value()), server_folder_(std::move(server_folder)) {
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = socket_in(folder_.path());
  EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(::listen(listener_, 16), 0);
  accepting_ = std::thread([this] { accept(); });
}

CuttingProxy::~CuttingProxy() {
  over_ = true;
  accepting_.join();
  for (const auto& pair : pairs_) pair->thread.join();
  ::close(listener_);
}

void CuttingProxy::accept() {
  while (!over_) {
    pollfd waits{listener_, POLLIN, 0};
    if (::poll(&waits, 1, 5) <= 0) continue;
    Descriptor client(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (refuses_ || !client) continue;
    auto pair = std::make_unique<Pair>();
    pair->client = std::move(client);
    pair->server = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = socket_in(server_folder_);
    if (::connect(pair->server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) continue;
    ++connections_;
    const std::lock_guard lock(mutex_);
    Pair& made = *pairs_.emplace_back(std::move(pair));
    made.thread = std::thread([this, &made] { pass_on(made); });
  }
}

void CuttingProxy::pass_on(Pair& pair) {
  std::array<char, 65536> bytes{};
  while (!over_ && !pair.is_cut) {
    pollfd ends[] = {{pair.client.get(), POLLIN, 0}, {pair.server.get(), POLLIN, 0}};
    if (::poll(ends, 2, 5) <= 0) continue;
    for (int i = 0; i < 2; ++i) {
      if (ends[i].revents == 0) continue;
      const ssize_t count = ::recv(ends[i].fd, bytes.data(), bytes.size(), 0);
      const bool is_answer = i == 1;
      if (is_answer && count > 0 && swallows_.exchange(false)) return pair.client.close();  // the server's stays
      if (count <= 0 || !send_all(ends[1 - i].fd, bytes.data(), count)) {
        pair.client.close();
        return pair.server.close();
      }
    }
  }
  pair.client.close();
}

void CuttingProxy::cut_clients() {
  const std::lock_guard lock(mutex_);
  for (const auto& pair : pairs_) pair->is_cut = true;
}

}  // namespace pegbox
