// Asio: what the server's and the client's coroutines share.
#pragma once

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdint>

namespace pegbox::server {

using ErrorCode = boost::system::error_code;

/// `co_await stream.async_read(..., into(code))`: no exceptions.
inline auto into(ErrorCode& code) { return boost::asio::redirect_error(boost::asio::use_awaitable, code); }

inline std::chrono::nanoseconds duration(double seconds) {
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

}  // namespace pegbox::server
