// SPDX-License-Identifier: BSD-2-Clause
// How findings name things.
#pragma once

#include "model/summary.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace brpath {

// Its name, or its address.
std::string label(const Endpoint &endpoint);
// "shop/cart (10.96.0.10:80)", or without a name "10.96.0.10:80".
std::string label(const Service &service);
std::string address_and_port(const Service &service);

// "frontend to cart over tcp", and through which Service.
std::string label(const Pair &pair);

// "sysctl -w X (pid 42, user root, login alice)".
std::string label(const Who &who);

// Of an address in words.
bool is_ipv6(std::string_view ip);
bool is_ipv6(const Pair &pair);

// Names in the order in which they came, each once.
class NameList {
  public:
    void add(const std::string &name);

    [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(known_.size()); }
    [[nodiscard]] const std::string &front() const { return shown_.front(); }

    // The first few, and how many more.
    [[nodiscard]] std::string text() const;

  private:
    std::unordered_set<std::string> known_;
    std::vector<std::string> shown_;
};

} // namespace brpath
