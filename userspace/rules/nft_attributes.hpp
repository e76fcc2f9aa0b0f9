// SPDX-License-Identifier: BSD-2-Clause
// Attributes as nf_tables writes them: numbers in network order, verdicts, values.
#pragma once

#include "kernel/attributes.hpp"
#include "rules/forward_rules.hpp"

#include <arpa/inet.h>

namespace brpath {

inline std::optional<std::uint32_t> nft_number(const nlattr &attribute) {
    const auto number = attribute_number<std::uint32_t>(attribute);
    return number ? std::optional(ntohl(*number)) : std::nullopt;
}

// The attributes of one nest by their number: the last of a kind counts. Pointers into the message.
class NftAttributes {
  public:
    explicit NftAttributes(std::span<const std::byte> bytes) {
        for_each_attribute(bytes, [&](const nlattr &attribute) {
            const auto type = static_cast<std::size_t>(mnl_attr_get_type(&attribute));
            if (type < found_.size())
                found_[type] = &attribute;
        });
    }

    [[nodiscard]] bool has(std::size_t type) const { return found_[type] != nullptr; }
    [[nodiscard]] std::optional<std::uint32_t> number(std::size_t type) const {
        return has(type) ? nft_number(*found_[type]) : std::nullopt;
    }
    [[nodiscard]] std::string text(std::size_t type) const {
        return has(type) ? attribute_text(*found_[type]) : std::string();
    }
    [[nodiscard]] std::span<const std::byte> bytes(std::size_t type) const {
        return has(type) ? attribute_payload(*found_[type]) : std::span<const std::byte>();
    }

  private:
    std::array<const nlattr *, 16> found_{};
};

// The value in a nest of NFTA_DATA_*; empty if it has none.
Value nft_value(std::span<const std::byte> data);

// The verdict in such a nest; nullopt if it has none.
std::optional<Action> nft_verdict(std::span<const std::byte> data);

} // namespace brpath
