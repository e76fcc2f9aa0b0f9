// SPDX-License-Identifier: BSD-2-Clause
// An array map of the programs, seen through a mapping: a system call would keep kprobe programs from running
// on this CPU meanwhile (docs/decisions/0012-reading-without-system-calls.md).
#pragma once

#include "util/result.hpp"

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace brpath {

namespace detail {

struct Unmap {
    std::size_t bytes = 0;
    void operator()(const void *address) const;
};
using Mapping = std::unique_ptr<const void, Unmap>;

Result<Mapping> map_array(int map, std::size_t bytes);

} // namespace detail

template <typename T> class MappedArray {
  public:
    // `map`: the descriptor of an array map of T with that many entries, which can be mapped.
    static Result<MappedArray> make(int map, std::size_t entries) {
        auto memory = detail::map_array(map, entries * sizeof(T));
        if (!memory)
            return Failure(memory.error());
        return MappedArray(std::move(*memory), entries);
    }

    [[nodiscard]] std::size_t size() const { return size_; }

    // As it is in the kernel, while the programs run: whoever reads must know that nobody writes.
    [[nodiscard]] const T &operator[](std::size_t index) const {
        return static_cast<const T *>(memory_.get())[index];
    }

    // A copy of all. Numbers are whole; a structure that is being changed may be in part the former one.
    [[nodiscard]] std::vector<T> copy() const {
        std::vector<T> all(size_);
        std::memcpy(all.data(), memory_.get(), size_ * sizeof(T));
        return all;
    }

  private:
    MappedArray(detail::Mapping memory, std::size_t size) : memory_(std::move(memory)), size_(size) {}

    detail::Mapping memory_;
    std::size_t size_;
};

} // namespace brpath
