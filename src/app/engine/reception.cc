// Reception: where the workers of a study find its server.
#include "app/engine/reception.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>

#include "app/server/access.h"

namespace pegbox {

namespace {

/// Empty for what is no address of other machines' reach.
std::string reachable_text(const sockaddr* address) {
  if (address == nullptr || address->sa_family != AF_INET) return {};
  std::array<char, INET_ADDRSTRLEN> text{};
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
  ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
  return server::is_loopback(text.data()) ? std::string() : std::string(text.data());
}

std::string address_of_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return {};
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  if (::getaddrinfo(host.data(), nullptr, &wanted, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next)
    if (std::string text = reachable_text(each->ai_addr); !text.empty()) return text;
  return {};
}

std::string address_of_interface() {
  ifaddrs* found = nullptr;
  if (::getifaddrs(&found) != 0) return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owned(found, ::freeifaddrs);
  for (const ifaddrs* each = found; each != nullptr; each = each->ifa_next)
    if ((each->ifa_flags & IFF_UP) != 0)
      if (std::string text = reachable_text(each->ifa_addr); !text.empty()) return text;
  return {};
}

}  // namespace

Result<Reception> Reception::open(const Path& folder) {
  Reception reception;
  reception.folder_ = folder;
  PEGBOX_CHECK(make_folder(folder));
  std::error_code code;
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, code);  // before there is a secret in it
  if (code)
    return fail(ErrorKind::Io,
                {.where = folder.string(), .what = "it cannot be closed to others", .got = code.message()});
  const std::string port = read_file(reception.port_file()).value_or("");
  std::from_chars(port.data(), port.data() + port.size(), reception.port_);
  if (auto token = read_file(reception.token_file()); token && !token->empty()) {
    reception.token_ = token->substr(0, token->find('\n'));
    return reception;
  }
  PEGBOX_TRY(reception.token_, server::new_token());
  PEGBOX_CHECK(replace_file(reception.token_file(), reception.token_ + "\n"));
  using std::filesystem::perms;
  std::filesystem::permissions(reception.token_file(), perms::owner_read | perms::owner_write, code);
  return reception;
}

Result<void> Reception::keep_port(std::uint16_t port) {
  port_ = port;
  return replace_file(port_file(), std::to_string(port) + "\n");
}

void Reception::close() const {
  std::error_code ignored;
  for (const Path& file : {token_file(), port_file()}) std::filesystem::remove(file, ignored);
}

std::string reachable_address() {
  for (const auto& look : {address_of_name, address_of_interface})
    if (std::string address = look(); !address.empty()) return address;
  return "127.0.0.1";
}

}  // namespace pegbox
