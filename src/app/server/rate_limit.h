// RateLimit: how many requests of one address are answered; a bucket of tokens for each, that fills with time.
#pragma once

#include <algorithm>
#include <map>
#include <string>

namespace pegbox::server {

class RateLimit {
 public:
  /// `rate`: per second, and so many at once; 0: no limit.
  explicit RateLimit(double rate) : rate_(rate) {}

  /// Whether one more may be answered now, which it counts then.
  bool take(const std::string& address, double now_s) {
    if (rate_ <= 0) return true;
    Bucket& bucket = fill(address, now_s);
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }

 private:
  struct Bucket {
    double left = 0, at_s = 0;
  };
  static constexpr std::size_t kMostAddresses = 10000;

  Bucket& fill(const std::string& address, double now_s) {
    if (buckets_.size() > kMostAddresses)  // full ones say nothing
      std::erase_if(buckets_, [&](const auto& each) { return now_s - each.second.at_s > 1; });
    const auto [entry, is_new] = buckets_.try_emplace(address, Bucket{rate_, now_s});
    Bucket& bucket = entry->second;
    bucket.left = std::min(rate_, bucket.left + (now_s - bucket.at_s) * rate_);
    bucket.at_s = now_s;
    return bucket;
  }

  const double rate_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace pegbox::server
